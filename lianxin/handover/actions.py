"""Writes: a handover is opened, shared out, confirmed, followed and finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lianxin.channels import actions as channel_actions
from lianxin.channels import queries as channels
from lianxin.channels import wording
from lianxin.channels.models import Account, MemberLeave
from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.handover import queries, registry, rules
from lianxin.handover.models import Handover, HandoverLine
from lianxin.staff import actions as staff_actions
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_staff


@transaction.atomic
def open_handover(
    staff: Staff, kind: str, *, by: Actor, leave: MemberLeave | None = None
) -> Handover:
    """Open a handover with a line for each contact; a running one is returned as it is.

    Somebody who leaves comes off the live codes at once.
    """
    check_may_manage(by)
    if leave is None and kind == Handover.Kind.LEAVING:
        leave = note_leave(staff, by)
    handover = hold_running(staff, kind, by, leave)
    fill_lines(handover)
    return handover


def hold_running(staff: Staff, kind: str, by: Actor, leave: MemberLeave | None) -> Handover:
    known = queries.find_running(staff.hospital_id, staff.pk)
    if known is None:
        try:
            with transaction.atomic():
                made = Handover.objects.create(
                    hospital_id=staff.hospital_id,
                    staff=staff,
                    kind=kind,
                    leave=leave,
                    opened_at=time.now(),
                    opened_by_id=by.id if by.kind == "staff" else None,
                )
        except IntegrityError:
            known = queries.find_running(staff.hospital_id, staff.pk)
        else:
            record(made, "handover.opened", by)
            return made
    if known is None:
        raise RefusedError(_("刚才有同事动过这次交接，请再看一遍。"))
    if leave is not None and not known.is_leaving:
        # Who was handing over on the job has gone meanwhile.
        Handover.objects.filter(pk=known.pk).update(kind=Handover.Kind.LEAVING, leave=leave)
        known.kind, known.leave = Handover.Kind.LEAVING, leave
    return known


def note_leave(staff: Staff, by: Actor) -> MemberLeave | None:
    account = channels.find_account_of_kind(staff.hospital_id, Account.Kind.WECOM)
    if account is None or not staff.wecom_userid:
        return None
    channel_actions.declare_left(account, staff, by=by)
    return channels.find_open_leave(staff.hospital_id, staff.wecom_userid)


@transaction.atomic
def open_for_leaver(hospital_id: int, leave_id: int, *, by: Actor) -> Handover | None:
    """Open the handover of somebody who was seen to leave, and tell the administrators. Once."""
    leave = channels.find_leave(hospital_id, leave_id)
    if leave is None or leave.staff is None or leave.ended_at is not None:
        return None
    handover = open_handover(leave.staff, Handover.Kind.LEAVING, by=by, leave=leave)
    for admin in list_staff(hospital_id).filter(role=Staff.Role.ADMIN):
        channel_actions.notify_staff(
            hospital_id,
            admin.pk,
            text=_("有同事离开了企业微信，请安排患者由谁接手。"),
            path=f"/settings/handover/{handover.key}/",
            dedupe_key=f"handover:{handover.pk}",
        )
    return handover


@transaction.atomic
def fill_lines(handover: Handover) -> int:
    """Add a line for each contact that has none."""
    rows = channels.list_relations_of_member(handover.hospital_id, handover.staff)
    there = HandoverLine.objects.filter(handover=handover).values("relation_id")
    fresh = [
        HandoverLine(hospital_id=handover.hospital_id, handover=handover, relation_id=pk)
        for pk in rows.exclude(pk__in=there).values_list("pk", flat=True)
    ]
    HandoverLine.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=1000)
    return len(fresh)


@transaction.atomic
def propose_takers(
    handover: Handover, takers: Sequence[Staff], *, most_each: int, by: Actor
) -> int:
    """Share the contacts that nobody has among these people; returns how many have nobody left."""
    hold(handover, by)
    fill_lines(handover)
    known = dict(queries.list_takers(handover))
    free = [one for one in queries.list_lines(handover) if may_assign(one)]
    chosen = rules.propose(
        [line.pk for line in free],
        [rules.Taker(one.pk, one.department_id, known[one]) for one in takers if one in known],
        department_id=handover.staff.department_id,
        most_each=most_each,
    )
    for line in free:
        line.taker_id = chosen.get(line.pk)
    HandoverLine.objects.bulk_update(free, ["taker"], batch_size=500)
    record(handover, "handover.proposed", by, count=len(chosen))
    return len(free) - len(chosen)


@transaction.atomic
def assign_line(line: HandoverLine, taker: Staff | None, *, by: Actor) -> None:
    """Choose who takes one contact, or nobody."""
    handover = hold(line.handover, by)
    # Somebody may have confirmed since the line was read.
    line.refresh_from_db()
    if not may_assign(line):
        raise RefusedError(_("这位患者已在转接，不能再改。平台不支持撤回，转完后可以再转一次。"))
    if taker is not None and taker not in dict(queries.list_takers(handover)):
        raise RefusedError(_("请选择一位绑定了企业微信、没有离开的同事。"))
    HandoverLine.objects.filter(pk=line.pk).update(taker=taker)
    record(handover, "handover.assigned", by, line_id=line.pk)


def may_assign(line: HandoverLine) -> bool:
    return queries.standing_of(line) in rules.FREE


@transaction.atomic
def confirm_handover(handover: Handover, *, main_taker: Staff | None, words: str, by: Actor) -> int:
    """Ask WeCom to move every contact that has a taker, and move all other work now.

    May be done again for contacts that got a taker later. Returns how many contacts are asked for.
    """
    handover = hold(handover, by)
    for refused in wording.refused_words(handover.hospital_id, words):
        raise RefusedError(wording.refusal_sentence(refused))
    if main_taker is not None and main_taker.pk == handover.staff_id:
        raise RefusedError(_("不能交给本人。"))
    asked = ask_for(handover, words, by)
    moved = move_work(handover, main_taker, by)
    now = time.now()
    Handover.objects.filter(pk=handover.pk).update(
        state=Handover.State.MOVING,
        words=words,
        main_taker=main_taker,
        moved={**handover.moved, **add_up(handover.moved, moved)},
        confirmed_at=now,
        confirmed_by_id=by.id if by.kind == "staff" else None,
    )
    record(handover, "handover.confirmed", by, contacts=asked, **moved)
    finish_if_done(handover, by=by)
    return asked


def ask_for(handover: Handover, words: str, by: Actor) -> int:
    """Plan the transfers of the lines that have a taker and none, or a failed one, yet."""
    by_taker: dict[Staff, list[HandoverLine]] = {}
    for line in queries.list_lines(handover).select_related("relation__address"):
        if line.taker is not None and queries.standing_of(line) == rules.PROPOSED:
            by_taker.setdefault(line.taker, []).append(line)
    count = 0
    for taker, lines in by_taker.items():
        made = channel_actions.plan_transfers(
            [line.relation for line in lines],
            taker,
            is_resigned=handover.is_leaving,
            words=words,
            by=by,
        )
        by_address = {transfer.address_id: transfer for transfer in made}
        for line in lines:
            line.transfer = by_address.get(line.relation.address_id, line.transfer)
        HandoverLine.objects.bulk_update(lines, ["transfer"], batch_size=500)
        count += len(made)
    return count


def move_work(handover: Handover, taker: Staff | None, by: Actor) -> dict[str, int]:
    """Move what is no contact. On the job and without a taker everything stays."""
    if taker is None and not handover.is_leaving:
        return {}
    works = registry.handovers().works
    return {work.code: work.move(handover.staff, taker, by) for work in works}


def add_up(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, int]:
    return {code: old.get(code, 0) + count for code, count in new.items()}


@transaction.atomic
def cancel_handover(handover: Handover, *, by: Actor) -> None:
    """Stop: the person stays. What WeCom was asked for already cannot be taken back."""
    handover = hold(handover, by)
    ids = [line.transfer_id for line in queries.list_lines(handover) if line.transfer_id]
    channel_actions.cancel_transfers(handover.hospital_id, ids, by=by)
    Handover.objects.filter(pk=handover.pk).update(
        state=Handover.State.CANCELLED, finished_at=time.now()
    )
    if handover.leave is not None and handover.leave.ended_at is None:
        channel_actions.declare_back(handover.leave, by=by)
    record(handover, "handover.cancelled", by)


@transaction.atomic
def close_access(handover: Handover, *, by: Actor) -> None:
    """End a leaver's sign-in to the console."""
    check_may_manage(by)
    if not handover.is_leaving:
        raise RefusedError(_("只有离职的同事才停用登录。"))
    staff_actions.deactivate_staff(handover.staff, by=by)


@transaction.atomic
def follow_transfers(hospital_id: int, transfer_ids: Iterable[int], *, by: Actor) -> None:
    """Finish the handovers whose last contact was settled. May run twice."""
    rows = HandoverLine.objects.filter(
        hospital_id=hospital_id, transfer_id__in=list(transfer_ids)
    ).values("handover_id")
    moving = Handover.objects.filter(pk__in=rows, state=Handover.State.MOVING)
    for handover in moving.select_related("staff"):
        finish_if_done(handover, by=by)


def finish_if_done(handover: Handover, *, by: Actor) -> None:
    standings = [queries.standing_of(line) for line in queries.list_lines(handover)]
    if not rules.is_finished(standings):
        return
    done = Handover.objects.filter(pk=handover.pk, state=Handover.State.MOVING)
    if done.update(state=Handover.State.DONE, finished_at=time.now()):
        record(handover, "handover.finished", by, contacts=len(standings))


# ---- the row ------------------------------------------------------------------------------


def check_may_manage(by: Actor) -> None:
    if not by.may("handover.manage"):
        raise ForbiddenError


def hold(handover: Handover, by: Actor) -> Handover:
    """Lock a running handover: two who change it at once wait for each other."""
    check_may_manage(by)
    rows = Handover.objects.filter(pk=handover.pk, state__in=Handover.RUNNING)
    rows = rows.select_related("staff", "leave", "leave__account")
    fresh = rows.select_for_update(no_key=True, of=("self",)).first()
    if fresh is None:
        raise RefusedError(_("这次交接已经结束了。"))
    return fresh


def record(handover: Handover, name: str, by: Actor, **data: int) -> None:
    events.record(
        name,
        hospital_id=handover.hospital_id,
        subject="handover",
        subject_id=handover.pk,
        by=by,
        data={"staff_id": handover.staff_id, "kind": handover.kind, **data},
    )
