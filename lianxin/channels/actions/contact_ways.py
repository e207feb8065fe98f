"""What the provider has of a live code: claimed by one worker, asked for, settled.

Every claim carries a lease. Who settles after losing it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from lianxin.channels import facts, queries, rules
from lianxin.channels.actions.live_codes import record
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.wecom.contact_ways import (
    ContactWay,
    StoredWay,
    TemporaryWay,
    WayContent,
)
from lianxin.channels.models import LiveCode
from lianxin.channels.models.pictures import pictured
from lianxin.core import time
from lianxin.core.actor import SystemActor

UNKNOWN_OUTCOME = "outcome_unknown"


@dataclass(frozen=True)
class CodeClaim:
    """The right to tell the provider one thing about one code, until the lease ends."""

    code: LiveCode
    step: str
    content: WayContent
    lease: datetime
    # When the provider was asked before without a known outcome.
    asked_at: datetime | None

    @property
    def temporary(self) -> TemporaryWay | None:
        """Return how long the way is to live, counted from now; None: for good."""
        if self.code.ends_at is None:
            return None
        return TemporaryWay(self.code.ends_at - time.now(), self.code.closing_text)


@transaction.atomic
def claim_code(code: LiveCode) -> CodeClaim | None:
    """Take the code's next step for this worker; None when it is taken, done, or not due yet."""
    now = time.now()
    lease = take_lease(code, now)
    fresh = queries.find_live_code(code.hospital_id, code.pk)
    if lease is None or fresh is None:
        return None
    answering = queries.answering_of(code.hospital_id, [fresh], now)[fresh.pk]
    step = queries.code_step(fresh, answering)
    asked_at = fresh.asked_at
    if step == rules.NOTHING:
        LiveCode.objects.filter(pk=code.pk).update(leased_until=None)
        return None
    if step == rules.MAKE and asked_at is None:
        LiveCode.objects.filter(pk=code.pk).update(asked_at=now)
    return CodeClaim(fresh, step, queries.desired_way(fresh, answering), lease, asked_at)


@transaction.atomic
def claim_reading(code: LiveCode) -> CodeClaim | None:
    """Take the reading of the provider's truth for this worker."""
    now = time.now()
    lease = take_lease(code, now)
    fresh = queries.find_live_code(code.hospital_id, code.pk)
    if lease is None or fresh is None:
        return None
    if not fresh.config_id or fresh.state != LiveCode.State.READY:
        LiveCode.objects.filter(pk=code.pk).update(leased_until=None)
        return None
    answering = queries.answering_of(code.hospital_id, [fresh], now)[fresh.pk]
    return CodeClaim(fresh, "read", queries.desired_way(fresh, answering), lease, None)


def take_lease(code: LiveCode, now: datetime) -> datetime | None:
    lease = now + facts.seconds("contact_way_lease_seconds")
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    taken = LiveCode.objects.filter(free, due, pk=code.pk).update(leased_until=lease)
    return lease if taken else None


@transaction.atomic
def settle_made(claim: CodeClaim, way: ContactWay) -> None:
    settled = settle(
        claim,
        state=LiveCode.State.READY,
        config_id=way.config_id,
        **pictured(way.qr_url, way.qr_content),
        is_single=False,
        asked_at=None,
        read_at=time.now(),
        confirmed=claim.content.as_data(),
        confirmed_at=time.now(),
    )
    if settled:
        record(claim.code, "live_code.made", SystemActor(claim.code.hospital_id))


@transaction.atomic
def settle_updated(claim: CodeClaim) -> None:
    """Keep what the provider confirmed; what is wanted meanwhile is the next step's matter."""
    confirmed = claim.content.as_data()
    if settle(claim, confirmed=confirmed, confirmed_at=time.now()):
        by = SystemActor(claim.code.hospital_id)
        record(claim.code, "live_code.updated", by, members=len(confirmed["userids"]))


@transaction.atomic
def settle_withdrawn(claim: CodeClaim) -> None:
    taken_back: dict[str, Any] = {"asked_at": None, "confirmed": {}, "confirmed_at": None}
    if not settle(claim, config_id="", **pictured(""), **taken_back):
        return
    # Somebody opened it again while it was being taken back.
    LiveCode.objects.filter(pk=claim.code.pk, is_active=True).update(state=LiveCode.State.MAKING)
    record(claim.code, "live_code.withdrawn", SystemActor(claim.code.hospital_id))


@transaction.atomic
def settle_reading(claim: CodeClaim, stored: StoredWay | None) -> None:
    """Keep the provider's truth, so that the next step mends what differs. None: it is gone."""
    now, by = time.now(), SystemActor(claim.code.hospital_id)
    if stored is None:
        gone = settle(
            claim,
            state=LiveCode.State.MAKING,
            config_id="",
            **pictured(""),
            confirmed={},
            confirmed_at=None,
            finding="lost",
            found_at=now,
        )
        if gone:
            record(claim.code, "live_code.lost", by)
        return
    truth = stored.content.as_data()
    has_drifted = bool(claim.code.confirmed) and truth != claim.code.confirmed
    found = {"finding": "drifted", "found_at": now} if has_drifted else {}
    changes = {"confirmed": truth, "read_at": now, "is_single": stored.is_single, **found}
    if settle(claim, **changes) and has_drifted:
        record(
            claim.code,
            "live_code.drifted",
            by,
            fields=rules.changed_fields(claim.code.confirmed, truth),
        )


def settle(claim: CodeClaim, **changes: Any) -> bool:
    """Write the outcome and give the lease back; False when the lease was lost."""
    held = LiveCode.objects.filter(pk=claim.code.pk, leased_until=claim.lease)
    done: dict[str, Any] = {"leased_until": None, "failure_code": "", "next_try_at": None}
    return bool(held.update(**(done | changes)))


@transaction.atomic
def settle_failed(claim: CodeClaim, error: ProviderError) -> None:
    """Note why it did not work and when it is tried again.

    Silence about a new code is no refusal: it may be there, so the next try looks for it first.
    """
    now = time.now()
    changes: dict[str, Any] = {"failure_code": error.reason}
    is_unknown = error.reason == UNKNOWN_OUTCOME
    if is_unknown or error.is_temporary:
        again = now + facts.seconds("contact_way_retry_seconds")
        changes["next_try_at"] = max(error.retry_at or again, again)
    elif claim.step == rules.MAKE:
        changes["state"] = LiveCode.State.FAILED
    else:
        changes["next_try_at"] = now + facts.seconds("contact_way_refused_seconds")
    if claim.step == rules.MAKE and not is_unknown and claim.asked_at is None:
        changes["asked_at"] = None
    settle(claim, **changes)
