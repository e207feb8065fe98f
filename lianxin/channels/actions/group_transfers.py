"""Groups change owners: asked for here, done by the provider, each group with its own outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries
from lianxin.channels.actions import leases
from lianxin.channels.actions.groups import ask_for
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.windows import end_of_block
from lianxin.channels.models import Group, GroupTransfer
from lianxin.channels.rules import groups as rules
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Staff

DAY_FULL = "day_quota_full"


@transaction.atomic
def request_group_transfer(group: Group, to: Staff, *, by: Actor) -> GroupTransfer:
    """Ask that somebody else owns the group; one wish at a time."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if group.dismissed_at is not None:
        raise RefusedError(_("这个群已经解散。"))
    if not to.is_active or not to.wecom_userid or to.hospital_id != group.hospital_id:
        raise RefusedError(_("新群主要是在职、已绑定企业微信的员工。"))
    if to.wecom_userid == group.owner_userid:
        raise RefusedError(_("群主已经是这位员工。"))
    held = Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    if queries.list_group_transfers(held).filter(state=GroupTransfer.State.OPEN).exists():
        raise RefusedError(_("这个群正在移交，等有结果再说。"))
    has_left = queries.has_owner_left(group)
    transfer = GroupTransfer.objects.create(
        hospital_id=group.hospital_id,
        account_id=group.account_id,
        group=group,
        kind=rules.LEFT if has_left else rules.ON_JOB,
        from_userid=group.owner_userid,
        to=to,
        requested_by_id=by.id if by.kind == "staff" else None,
        requested_at=time.now(),
    )
    record(transfer, "group_transfer.requested", by)
    return transfer


@dataclass(frozen=True)
class TransferClaim:
    """The right to hand over some groups of one kind to one person, until the leases end."""

    transfers: tuple[GroupTransfer, ...]
    leases: Mapping[int, datetime]

    @property
    def kind(self) -> str:
        return self.transfers[0].kind

    @property
    def new_owner(self) -> str:
        return self.transfers[0].to.wecom_userid

    @property
    def chat_ids(self) -> list[str]:
        return [one.group.chat_id for one in self.transfers]


@transaction.atomic
def claim_transfers(rows: Sequence[GroupTransfer]) -> TransferClaim | None:
    """Take groups that go the same way to the same person; None when nothing is left to ask.

    A group that the new owner has already is done. A leaver's 301st of a day waits for the next.
    """
    now = time.now()
    taken: dict[int, datetime] = {}
    mine: list[GroupTransfer] = []
    for row in rows:
        lease = leases.take(row, "group_lease_seconds")
        if lease is None:
            continue
        taken[row.pk] = lease
        if row.group.owner_userid == row.to.wecom_userid:
            finish(row, lease)
        elif is_day_full(row, now, len(mine)):
            again = end_of_block("day", now)
            leases.settle(row, lease, failure_code=DAY_FULL, next_try_at=again)
        elif row.asked_at is not None and is_unread_since(row):
            # The group itself must tell first what became of the last time.
            ask_for(row.group)
            again = now + facts.seconds("group_retry_seconds")
            leases.settle(row, lease, next_try_at=again, failure_code=row.failure_code)
        else:
            mine.append(row)
    GroupTransfer.objects.filter(pk__in=[row.pk for row in mine]).update(asked_at=now)
    return TransferClaim(tuple(mine), taken) if mine else None


def is_day_full(row: GroupTransfer, now: datetime, more: int) -> bool:
    if row.kind != rules.LEFT:
        return False
    midnight = end_of_block("day", now) - timedelta(days=1)
    asked = queries.count_asked_today(row.hospital_id, row.from_userid, midnight)
    return asked + more >= load_facts()["group_transfers_per_day"]


def is_unread_since(row: GroupTransfer) -> bool:
    read_at, asked_at = row.group.read_at, row.asked_at
    return asked_at is not None and (read_at is None or read_at <= asked_at)


@transaction.atomic
def settle_transfers(claim: TransferClaim, refused: Mapping[str, str]) -> None:
    """Keep what became of each group: the call as a whole succeeds even if every one failed."""
    for row in claim.transfers:
        reason = refused.get(row.group.chat_id, "")
        lease = claim.leases[row.pk]
        other = rules.OTHER_WAY.get((row.kind, reason))
        if not reason:
            finish(row, lease)
        elif other is not None:
            leases.settle(row, lease, kind=other, asked_at=None)
        elif reason in ("provider_busy", "rate_limited"):
            again = end_of_block("day" if reason == "rate_limited" else "minute", time.now())
            leases.settle(row, lease, asked_at=None, failure_code=reason, next_try_at=again)
        else:
            fail(row, lease, reason)


@transaction.atomic
def settle_transfers_failed(claim: TransferClaim, error: ProviderError) -> None:
    """Note that the call got no answer, or was refused as a whole."""
    is_unknown = error.reason == "outcome_unknown"
    for row in claim.transfers:
        lease = claim.leases[row.pk]
        if is_unknown:
            leases.settle_failed(row, lease, error)
        elif error.is_temporary:
            leases.settle_failed(row, lease, error, asked_at=None)
        else:
            fail(row, lease, error.reason)


def finish(row: GroupTransfer, lease: datetime) -> None:
    """Call it done, and look at the group: what the interface does calls nobody back."""
    done = {"state": GroupTransfer.State.DONE, "settled_at": time.now()}
    if leases.settle(row, lease, **done):
        ask_for(row.group)
        record(row, "group_transfer.done", SystemActor(row.hospital_id))


def fail(row: GroupTransfer, lease: datetime, reason: str) -> None:
    ended = {"state": GroupTransfer.State.FAILED, "settled_at": time.now()}
    if leases.settle(row, lease, failure_code=reason, **ended):
        ask_for(row.group)
        record(row, "group_transfer.failed", SystemActor(row.hospital_id), reason=reason)


def record(transfer: GroupTransfer, name: str, by: Actor, **data: Any) -> None:
    common = {"account_id": transfer.account_id, "group_id": transfer.group_id}
    events.record(
        name,
        hospital_id=transfer.hospital_id,
        subject="group_transfer",
        subject_id=transfer.pk,
        by=by,
        data=common | {"to_staff_id": transfer.to_id, "kind": transfer.kind} | data,
    )


@transaction.atomic
def hand_over_groups(leaver: Staff, taker: Staff | None, *, by: Actor) -> int:
    """Ask that the taker owns every group of the leaver; a group on its way already is left.

    Without a taker, or with one who is not in WeCom, the groups keep their owner: none may be
    without.
    """
    if not by.may("handover.manage"):
        raise ForbiddenError
    if taker is None or not taker.wecom_userid:
        return 0
    groups = list(queries.list_groups_of(leaver))
    moving = GroupTransfer.objects.filter(group__in=groups, state=GroupTransfer.State.OPEN)
    on_the_way = set(moving.values_list("group_id", flat=True))
    for group in groups:
        if group.pk not in on_the_way:
            request_group_transfer(group, taker, by=by)
    return len(groups) - len(on_the_way)
