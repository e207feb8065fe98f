"""Members who have gone: seen by callback or in the provider's list, ended when they are back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from lianxin.channels.models import Account, LiveCode, MemberLeave
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError
from lianxin.staff.models import Staff


@transaction.atomic
def note_left(
    account: Account, userid: str, source: str, *, at: datetime, by: Actor
) -> MemberLeave | None:
    """Remember that a member has gone; None when that is known already.

    From now on no live code leads to them: the contact ways follow by their own job.
    """
    ended = MemberLeave.objects.filter(account=account, staff_userid=userid, ended_at__gt=at)
    if ended.exists():
        return None  # an old word, told after they had come back
    leave, is_new = MemberLeave.objects.get_or_create(
        account=account,
        staff_userid=userid,
        ended_at=None,
        defaults={
            "hospital_id": account.hospital_id,
            "staff": Staff.objects.of(account.hospital_id).filter(wecom_userid=userid).first(),
            "source": source,
            "seen_at": at,
        },
    )
    if not is_new:
        return None
    record(leave, "member.left", by)
    return leave


@transaction.atomic
def note_back(account: Account, userid: str, *, at: datetime, by: Actor) -> bool:
    """Remember that a member is back, who was seen to go before `at`."""
    rows = MemberLeave.objects.filter(account=account, staff_userid=userid, ended_at=None)
    leave = rows.filter(seen_at__lte=at).first()
    if leave is None or not rows.filter(pk=leave.pk).update(ended_at=at):
        return False
    # A code that nobody could answer is tried again at once.
    if leave.staff_id is not None:
        codes = LiveCode.objects.filter(account=account, members__staff_id=leave.staff_id)
        codes.update(next_try_at=None)
    record(leave, "member.came_back", by)
    return True


@transaction.atomic
def declare_left(account: Account, staff: Staff, *, by: Actor) -> MemberLeave | None:
    """Say by hand that a member has gone, before or without any callback."""
    if not by.may("handover.manage"):
        raise ForbiddenError
    now = time.now()
    return note_left(account, staff.wecom_userid, MemberLeave.Source.STAFF, at=now, by=by)


@transaction.atomic
def declare_back(leave: MemberLeave, *, by: Actor) -> bool:
    """Say by hand that a member has not gone: a callback also comes for who is only disabled."""
    if not by.may("handover.manage"):
        raise ForbiddenError
    return note_back(leave.account, leave.staff_userid, at=time.now(), by=by)


@transaction.atomic
def note_unassigned(account: Account, found: Iterable[tuple[str, datetime]]) -> int:
    """Take in who, by the provider's list, has gone and left contacts behind."""
    by = SystemActor(account.hospital_id)
    latest = dict(sorted(found, key=lambda one: one[1]))
    source = MemberLeave.Source.UNASSIGNED
    made = [note_left(account, userid, source, at=at, by=by) for userid, at in latest.items()]
    return sum(one is not None for one in made)


def record(leave: MemberLeave, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=leave.hospital_id,
        subject="member_leave",
        subject_id=leave.pk,
        by=by,
        data={
            "account_id": leave.account_id,
            "staff_id": leave.staff_id,
            "source": leave.source,
        },
    )
