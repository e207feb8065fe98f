"""Who answers behind a live code, and what the provider should have of it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from django.db.models import Count, Q

from lianxin.channels import rules
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.contact_ways import WayContent
from lianxin.channels.models import (
    Account,
    Address,
    Arrival,
    CodeMember,
    LiveCode,
    LiveCodeVersion,
    Relation,
    Stay,
)
from lianxin.channels.queries.transfers import gone_userids
from lianxin.channels.rules import Answerer, Answering
from lianxin.channels.tag_words import illness_in
from lianxin.core import time
from lianxin.staff.models import Staff


def rosters_of(hospital_id: int, codes: Sequence[LiveCode]) -> dict[int, list[Answerer]]:
    """Return who stands behind each code, in their order: two queries."""
    rosters: dict[int, list[Answerer]] = {code.pk: [] for code in codes}
    rows = CodeMember.objects.filter(hospital_id=hospital_id, live_code_id__in=list(rosters))
    gone = gone_userids(hospital_id)
    for row in rows.select_related("staff").order_by("rank", "id"):
        rosters[row.live_code_id].append(as_answerer(row, gone))
    for code in codes:
        if not rosters[code.pk] and code.staff is not None:
            # A code without a roster has one person behind it, always.
            rosters[code.pk] = [as_answerer(CodeMember(live_code=code, staff=code.staff), gone)]
    return rosters


def as_answerer(row: CodeMember, gone: Container[str] = ()) -> Answerer:
    """Describe one person of a roster; `gone` are the members who have left WeCom."""
    staff = row.staff
    return Answerer(
        staff_id=staff.pk,
        userid=staff.wecom_userid,
        name=staff.name,
        has_left=not staff.is_active or not staff.wecom_userid or staff.wecom_userid in gone,
        is_fallback=row.is_fallback,
        daily_cap=row.daily_cap,
        hours=tuple(rules.DutyHours(*stretch) for stretch in row.hours),
    )


def count_today(
    hospital_id: int, codes: Sequence[LiveCode], now: datetime
) -> dict[int, dict[str, int]]:
    """Count the contacts each member got by each code since the hospital's midnight: one query."""
    counts: dict[int, dict[str, int]] = {code.pk: {} for code in codes}
    if not codes:
        return counts
    here = time.local(codes[0].hospital, now)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Stay.objects.filter(
        hospital_id=hospital_id, live_code_id__in=list(counts), began_at__gte=midnight
    )
    for code_id, userid, added in rows.values_list("live_code_id", "staff_userid").annotate(
        added=Count("id")
    ):
        counts[code_id][userid] = added
    return counts


def answering_of(
    hospital_id: int, codes: Sequence[LiveCode], now: datetime
) -> dict[int, Answering]:
    """Return who answers each code now, and why: two queries, however many codes."""
    rosters = rosters_of(hospital_id, codes)
    counts = count_today(hospital_id, codes, now)
    return {
        code.pk: rules.who_answers(
            rosters[code.pk], time.local(code.hospital, now), counts[code.pk]
        )
        for code in codes
    }


def desired_way(code: LiveCode, answering: Answering) -> WayContent:
    """Return what the provider should have behind this code now."""
    most = 1 if code.is_single else load_facts()["contact_way_members"]
    # The remark is seen in WeCom: a word of an illness stays here, the key says which code it is.
    remark = code.state_key if illness_in(code.name) else code.name
    return WayContent(
        userids=tuple(one.userid for one in answering.members[:most]),
        remark=remark[: load_facts()["contact_way_remark_characters"]],
        state=code.state_key,
        skip_verify=code.adds_at_once,
    )


def code_step(code: LiveCode, answering: Answering) -> str:
    standing = rules.CodeStanding(
        is_active=code.is_active,
        state=code.state,
        config_id=code.config_id,
        was_asked=code.asked_at is not None,
        can_change=code.account.kind == Account.Kind.WECOM,
    )
    return rules.next_code_step(standing, desired_way(code, answering).as_data(), code.confirmed)


def list_versions(code: LiveCode) -> list[LiveCodeVersion]:
    """Return the versions of a code, newest first."""
    rows = LiveCodeVersion.objects.filter(hospital_id=code.hospital_id, live_code=code)
    return list(rows.select_related("changed_by").order_by("-number"))


def list_members(code: LiveCode) -> list[CodeMember]:
    rows = CodeMember.objects.filter(hospital_id=code.hospital_id, live_code=code)
    return list(rows.select_related("staff").order_by("rank", "id"))


def is_code_in_use(code: LiveCode) -> bool:
    """Tell whether anybody ever came by this code."""
    here = {"hospital_id": code.hospital_id, "live_code": code}
    return (
        Address.objects.filter(**here).exists()
        or Relation.objects.filter(**here).exists()
        or Arrival.objects.filter(**here).exists()
    )


def count_codes_of(staff: Staff) -> int:
    """Count the live codes behind which this person stands."""
    theirs = Q(staff=staff) | Q(members__staff=staff)
    rows = LiveCode.objects.filter(theirs, hospital_id=staff.hospital_id)
    return rows.distinct().count()
