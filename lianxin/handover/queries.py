"""Reads of handovers. The actor comes first; nothing outside the hospital is returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet

from lianxin.channels import queries as channels
from lianxin.channels.models import MemberLeave, Relation
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.handover import registry, rules
from lianxin.handover.models import Handover, HandoverLine
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_staff


@dataclass(frozen=True)
class Amount:
    """How much of one kind of work somebody has, or had."""

    work: registry.Work
    count: int


def list_handovers(actor: Actor) -> QuerySet[Handover]:
    """Return all handovers, the running ones first, then the newest."""
    if not actor.may("handover.read"):
        raise ForbiddenError
    rows = Handover.objects.filter(hospital_id=actor.hospital_id)
    rows = rows.select_related("staff", "staff__department", "main_taker", "opened_by", "leave")
    return rows.order_by(F("finished_at").desc(nulls_first=True), "-opened_at", "-id")


def access_handover(actor: Actor, key: str) -> Handover:
    handover = list_handovers(actor).filter(key=key).first()
    if handover is None:
        raise NotFoundError
    return handover


def find_running(hospital_id: int, staff_id: int) -> Handover | None:
    rows = Handover.objects.filter(hospital_id=hospital_id, staff_id=staff_id)
    return rows.filter(state__in=Handover.RUNNING).select_related("staff").first()


def list_lines(handover: Handover) -> QuerySet[HandoverLine]:
    rows = HandoverLine.objects.filter(hospital_id=handover.hospital_id, handover=handover)
    return rows.select_related("relation", "taker", "transfer").order_by("id")


def access_line(handover: Handover, line_id: int) -> HandoverLine:
    line = list_lines(handover).filter(pk=line_id).first()
    if line is None:
        raise NotFoundError
    return line


def standing_of(line: HandoverLine) -> str:
    transfer = line.transfer
    return rules.standing_of(
        has_taker=line.taker_id is not None,
        transfer_state=transfer.state if transfer else "",
        is_contact=line.relation.state != Relation.State.REMOVED,
        is_same_taker=transfer is None or transfer.to_staff_id == line.taker_id,
    )


def count_standings(lines: Iterable[HandoverLine]) -> Counter[str]:
    return Counter(standing_of(line) for line in lines)


def count_of_handovers(handovers: Sequence[Handover]) -> dict[int, Counter[str]]:
    """Count where the contacts of several handovers stand: one query."""
    found: dict[int, Counter[str]] = {one.pk: Counter() for one in handovers}
    rows = HandoverLine.objects.filter(handover_id__in=list(found))
    for line in rows.select_related("relation", "transfer"):
        found[line.handover_id][standing_of(line)] += 1
    return found


def list_takers(handover: Handover) -> list[tuple[Staff, int]]:
    """Return who may take over contacts, with how many they have: their department first.

    Whoever is bound to WeCom, is there, and is not the one who goes.
    """
    gone = channels.gone_userids(handover.hospital_id)
    people = [
        one
        for one in list_staff(handover.hospital_id).select_related("department")
        if one.wecom_userid and one.wecom_userid not in gone and one.pk != handover.staff_id
    ]
    loads = channels.count_contacts(handover.hospital_id, [one.wecom_userid for one in people])
    department_id = handover.staff.department_id

    def order(one: Staff) -> tuple[bool, int, str]:
        is_far = department_id is None or one.department_id != department_id
        return is_far, loads.get(one.wecom_userid, 0), one.name

    return [(one, loads.get(one.wecom_userid, 0)) for one in sorted(people, key=order)]


def list_colleagues(actor: Actor, *, but: Staff | None = None) -> list[Staff]:
    """Return the active staff, to choose who goes or who takes the work."""
    rows = list_staff(actor.hospital_id).select_related("department")
    return [one for one in rows if but is None or one.pk != but.pk]


def list_amounts(staff: Staff) -> list[Amount]:
    """Count what this person's work is now, kind by kind."""
    return [Amount(work, work.count(staff)) for work in registry.handovers().works]


def list_unopened_leaves(hospital_id: int) -> list[MemberLeave]:
    """Return who is known to have gone and is nobody in our staff list: nothing can be opened."""
    return [one for one in channels.list_open_leaves(hospital_id) if one.staff_id is None]
