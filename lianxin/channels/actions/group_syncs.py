"""Comparing with the provider's list of groups: pages and the cursor in one transaction each.

The list says only which groups there are; each is then looked at by itself, as after an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries
from lianxin.channels.actions import leases
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.groups import GroupPage
from lianxin.channels.models import Account, Group, GroupSync
from lianxin.channels.rules import groups as rules
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError


@dataclass(frozen=True)
class GroupSyncClaim:
    """The right to take the next step of one run, until the lease ends."""

    sync: GroupSync
    lease: datetime

    @property
    def batch(self) -> Sequence[str]:
        """Return whose groups are listed now; empty: everybody's."""
        size = load_facts()["group_list_owners"]
        owners: list[str] = self.sync.owners
        return owners[self.sync.owners_done_count :][:size]


@transaction.atomic
def request_group_sync(account: Account, *, by: Actor) -> GroupSync:
    """Ask for a comparison with the list of groups. An open one is returned as it is."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if account.kind != Account.Kind.WECOM or not account.is_active:
        raise RefusedError(_("只有启用中的企业微信账号有客户群可以核对。"))
    # Two who ask at once meet here, not at the constraint.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = queries.find_open_group_sync(account.hospital_id, account.pk)
    if known is not None:
        return known
    sync = GroupSync.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        requested_by_id=by.id if by.kind == "staff" else None,
        created_at=time.now(),
    )
    record(sync, "group_sync.requested", by)
    return sync


@transaction.atomic
def claim_group_sync(hospital_id: int, sync_id: int) -> GroupSyncClaim | None:
    sync = queries.find_group_sync(hospital_id, sync_id)
    if sync is None or sync.state != GroupSync.State.OPEN:
        return None
    lease = leases.take(sync, "group_lease_seconds")
    fresh = queries.find_group_sync(hospital_id, sync_id)
    return GroupSyncClaim(fresh, lease) if lease is not None and fresh is not None else None


@transaction.atomic
def name_owners(claim: GroupSyncClaim, owners: Sequence[str]) -> GroupSyncClaim | None:
    """Begin anew, owner by owner: the provider lists so many people in no other way."""
    return step(claim, owners=list(owners), owners_done_count=0, cursor="")


@transaction.atomic
def restart_list(claim: GroupSyncClaim) -> GroupSyncClaim | None:
    """Begin the batch anew: the provider does not know its own cursor any more."""
    return step(claim, cursor="")


@transaction.atomic
def store_groups(claim: GroupSyncClaim, page: GroupPage) -> GroupSyncClaim | None:
    """Take in one page and move the cursor, both or neither; None when it is no longer ours."""
    if not hold(claim):
        return None
    found = store_listed(claim.sync, page)
    sync, is_last = claim.sync, not page.next_cursor
    done = len(claim.batch) if is_last else 0
    return step(
        claim,
        cursor=page.next_cursor,
        owners_done_count=sync.owners_done_count + done,
        seen_count=sync.seen_count + len(page.groups),
        found_count=sync.found_count + found,
    )


def store_listed(sync: GroupSync, page: GroupPage) -> int:
    """Keep what the list says; new and changed groups are to be looked at. Four queries a page."""
    now = time.now()
    rows = Group.objects.filter(
        account_id=sync.account_id, chat_id__in=[one.chat_id for one in page.groups]
    )
    known = {one.chat_id: one for one in rows}
    made = [
        Group(
            hospital_id=sync.hospital_id,
            account_id=sync.account_id,
            chat_id=one.chat_id,
            status=one.status,
            listed_at=now,
            read_due_at=now,
            created_at=now,
        )
        for one in {one.chat_id: one for one in page.groups}.values()
        if one.chat_id not in known and len(one.chat_id) <= 64
    ]
    Group.objects.bulk_create(made, ignore_conflicts=True)
    every = facts.seconds("group_read_seconds")
    due = [
        known[one.chat_id].pk
        for one in page.groups
        if one.chat_id in known
        and (
            known[one.chat_id].status != one.status
            or known[one.chat_id].dismissed_at is not None
            or rules.is_reading_due(known[one.chat_id].read_at, now, every=every)
        )
    ]
    by_status: dict[int, list[str]] = {}
    for one in page.groups:
        by_status.setdefault(one.status, []).append(one.chat_id)
    for status, chat_ids in by_status.items():
        Group.objects.filter(account_id=sync.account_id, chat_id__in=chat_ids).update(
            status=status, listed_at=now
        )
    Group.objects.filter(pk__in=due, read_due_at=None).update(read_due_at=now)
    return len(made)


@transaction.atomic
def settle_group_sync(claim: GroupSyncClaim) -> None:
    """Call the run done; groups that the list did not have are looked at, and then known to end."""
    if not hold(claim):
        return
    unlisted = Group.objects.filter(pk__in=queries.list_unlisted(claim.sync).values("pk"))
    unlisted.filter(read_due_at=None).update(read_due_at=time.now())
    leases.settle(claim.sync, claim.lease, state=GroupSync.State.DONE, finished_at=time.now())
    forget_old_syncs(claim.sync)
    by = SystemActor(claim.sync.hospital_id)
    counts = {"seen": claim.sync.seen_count, "found": claim.sync.found_count}
    record(claim.sync, "group_sync.finished", by, **counts)


@transaction.atomic
def settle_group_sync_failed(claim: GroupSyncClaim, error: ProviderError) -> None:
    """Note why it stopped. What trying again can help goes on after the last stored page."""
    if error.is_temporary:
        leases.settle_failed(claim.sync, claim.lease, error)
        return
    ended = {"state": GroupSync.State.FAILED, "finished_at": time.now()}
    if leases.settle(claim.sync, claim.lease, failure_code=error.reason, **ended):
        by = SystemActor(claim.sync.hospital_id)
        record(claim.sync, "group_sync.failed", by)


def hold(claim: GroupSyncClaim) -> bool:
    """Lock the row if it is still ours."""
    rows = GroupSync.objects.filter(
        pk=claim.sync.pk, leased_until=claim.lease, state=GroupSync.State.OPEN
    )
    return bool(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def step(claim: GroupSyncClaim, **changes: Any) -> GroupSyncClaim | None:
    """Store where the run stands, and a longer lease; None when it is no longer ours."""
    lease = time.now() + facts.seconds("group_lease_seconds")
    if not leases.settle(claim.sync, claim.lease, leased_until=lease, **changes):
        return None
    for name, value in changes.items():
        setattr(claim.sync, name, value)
    return replace(claim, lease=lease)


def forget_old_syncs(sync: GroupSync) -> None:
    rows = GroupSync.objects.filter(account_id=sync.account_id).exclude(state="open")
    kept = rows.order_by("-created_at", "-id").values_list("pk", flat=True)
    rows.exclude(pk__in=list(kept[: load_facts()["group_sync_kept_rows"]])).delete()


def record(sync: GroupSync, name: str, by: Actor, **data: int) -> None:
    events.record(
        name,
        hospital_id=sync.hospital_id,
        subject="group_sync",
        subject_id=sync.pk,
        by=by,
        data={"account_id": sync.account_id, **data},
    )
