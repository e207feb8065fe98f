"""Runs over the provider's lists of contacts: asked for, claimed by one worker, stored by pages.

Every step is stored with the lease in hand, in one transaction with what it changed. Who has lost
the lease, or whose run was cancelled, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries, rules
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.actions.corp_tags import ask_for_tag_list
from lianxin.channels.actions.listing import as_removed, take_in_listed
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.contacts import ContactPage
from lianxin.channels.models import Account, ContactSync
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError


@dataclass(frozen=True)
class SyncClaim:
    """The right to take the next step of one run, until the lease ends."""

    sync: ContactSync
    lease: datetime

    @property
    def batch(self) -> Sequence[str]:
        """Return the members whose contacts are compared now."""
        size = load_facts()["contact_list_members"]
        return rules.next_batch(self.sync.members, self.sync.members_done_count, size)


@transaction.atomic
def request_sync(account: Account, *, by: Actor) -> ContactSync:
    """Ask for a comparison with everything the provider lists. An open one is returned as it is."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if account.kind != Account.Kind.WECOM or not account.is_active:
        raise RefusedError(_("只有启用中的企业微信账号有联系人名单可以核对。"))
    # Two who ask at once meet here, not at the constraint.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = queries.find_open_sync(account.hospital_id, account.pk)
    if known is not None:
        return known
    sync = ContactSync.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        requested_by_id=by.id if by.kind == "staff" else None,
        created_at=time.now(),
    )
    record(sync, "contact_sync.requested", by)
    return sync


@transaction.atomic
def cancel_sync(sync: ContactSync, *, by: Actor) -> None:
    """Stop a run. What its pages changed stays: it is true."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if not finish(open_rows(sync), ContactSync.State.CANCELLED):
        raise RefusedError(_("这次核对已经结束了。"))
    note_compared(sync)
    record(sync, "contact_sync.cancelled", by)


@transaction.atomic
def claim_sync(hospital_id: int, sync_id: int) -> SyncClaim | None:
    """Take the run for this worker; None when it is over, taken, or not due yet."""
    now = time.now()
    lease = now + facts.seconds("contact_sync_lease_seconds")
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = ContactSync.objects.filter(
        free, due, hospital_id=hospital_id, pk=sync_id, state__in=ContactSync.OPEN
    )
    if not rows.update(leased_until=lease):
        return None
    sync = queries.find_sync(hospital_id, sync_id)
    return SyncClaim(sync, lease) if sync else None


@transaction.atomic
def begin_sync(claim: SyncClaim, members: Sequence[str]) -> SyncClaim | None:
    """Store whose contacts are to be compared."""
    now = time.now()
    return step(
        claim,
        state=ContactSync.State.RUNNING,
        members=list(members),
        started_at=now,
        batch_started_at=now,
    )


@transaction.atomic
def store_contacts(claim: SyncClaim, account: AccountFacts, page: ContactPage) -> SyncClaim | None:
    """Take in one page and move the cursor, both or neither; None when it is no longer ours."""
    if not hold(claim):
        return None
    added_count = take_in_listed(account, page.contacts, page.read_at or time.now()).added_count
    sync = claim.sync
    return step(
        claim,
        cursor=page.next_cursor,
        is_ending=not page.next_cursor,
        seen_count=sync.seen_count + len(page.contacts),
        added_count=sync.added_count + added_count,
        unlicensed=sorted({*sync.unlicensed, *page.unlicensed}),
    )


@transaction.atomic
def restart_batch(claim: SyncClaim) -> SyncClaim | None:
    """Begin the batch anew: the provider does not know its own cursor any more."""
    return step(claim, cursor="", batch_started_at=time.now())


@transaction.atomic
def end_unlisted(claim: SyncClaim, account: AccountFacts) -> SyncClaim | None:
    """End some relations that the complete list of the batch did not have; then go on.

    Members whose list the provider does not give lose nobody.
    """
    if not hold(claim):
        return None
    sync, now = claim.sync, time.now()
    listed = [userid for userid in claim.batch if userid not in set(sync.unlicensed)]
    since = sync.batch_started_at or now
    most = load_facts()["contact_sync_ending_rows"]
    lost = list(queries.list_lost(account.hospital_id, account.id, listed, since)[:most])
    entries = take_in(account, [as_removed(row, now) for row in lost])
    ended = sync.ended_count + sum(one.name == "contact.removed" for one in entries)
    if len(lost) == most:
        return step(claim, ended_count=ended)
    return step(
        claim,
        ended_count=ended,
        is_ending=False,
        members_done_count=sync.members_done_count + len(claim.batch),
        batch_started_at=now,
    )


@transaction.atomic
def settle_sync(claim: SyncClaim) -> None:
    """Call the run done."""
    if finish(held_rows(claim), ContactSync.State.DONE):
        note_compared(claim.sync)
        forget_old_syncs(claim.sync)
        ask_for_tag_list(claim.sync.account_id)
        by = SystemActor(claim.sync.hospital_id)
        record(
            claim.sync,
            "contact_sync.finished",
            by,
            members=claim.sync.members_done_count,
            seen=claim.sync.seen_count,
            added=claim.sync.added_count,
            ended=claim.sync.ended_count,
        )


@transaction.atomic
def settle_sync_failed(claim: SyncClaim, reason: str, *, retry_at: datetime | None) -> None:
    """Note why it stopped. With `retry_at` it goes on there, after the last stored page."""
    if retry_at is not None:
        held_rows(claim).update(failure_code=reason, next_try_at=retry_at, leased_until=None)
    elif finish(held_rows(claim), ContactSync.State.FAILED, failure_code=reason):
        note_compared(claim.sync)
        record(claim.sync, "contact_sync.failed", SystemActor(claim.sync.hospital_id))


# ---- the row ------------------------------------------------------------------------------


def open_rows(sync: ContactSync) -> Any:
    return ContactSync.objects.filter(pk=sync.pk, state__in=ContactSync.OPEN)


def held_rows(claim: SyncClaim) -> Any:
    return open_rows(claim.sync).filter(leased_until=claim.lease)


def hold(claim: SyncClaim) -> bool:
    """Lock the row if it is still ours: whoever cancels now waits for this step."""
    return bool(held_rows(claim).select_for_update(no_key=True).values_list("pk", flat=True))


def step(claim: SyncClaim, **changes: Any) -> SyncClaim | None:
    """Store where the run stands, and a longer lease; None when it is no longer ours."""
    lease = time.now() + facts.seconds("contact_sync_lease_seconds")
    done = {"leased_until": lease, "failure_code": "", "next_try_at": None} | changes
    if not held_rows(claim).update(**done):
        return None
    for name, value in done.items():
        setattr(claim.sync, name, value)
    return replace(claim, lease=lease)


def finish(rows: Any, state: str, **changes: Any) -> bool:
    return bool(rows.update(state=state, finished_at=time.now(), leased_until=None, **changes))


def note_compared(sync: ContactSync) -> None:
    """Start the time until the next comparison, however this one ended."""
    Account.objects.filter(pk=sync.account_id).update(reconciled_at=time.now())


def forget_old_syncs(sync: ContactSync) -> None:
    rows = ContactSync.objects.filter(hospital_id=sync.hospital_id, account_id=sync.account_id)
    kept = rows.order_by("-created_at", "-id").values_list("pk", flat=True)
    keep = list(kept[: load_facts()["contact_sync_kept_rows"]])
    rows.exclude(pk__in=keep).exclude(state__in=ContactSync.OPEN).delete()


def record(sync: ContactSync, name: str, by: Actor, **data: int) -> None:
    events.record(
        name,
        hospital_id=sync.hospital_id,
        subject="contact_sync",
        subject_id=sync.pk,
        by=by,
        data={"account_id": sync.account_id, **data},
    )
