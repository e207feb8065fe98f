"""The one call with a hard deadline: a welcome is claimed once, sent once, or missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from lianxin.channels import facts, queries, rules
from lianxin.channels.adapters.base import SendFailed, Sent
from lianxin.channels.models import Arrival
from lianxin.core import events, time
from lianxin.core.actor import SystemActor

# What a code that allows one message is called in the journal, by the event that brought it.
CODE_NAMES = {"session.changed": "session_code"}
# It was sent, but not everything that belongs to it.
LEFT_OUT = "attachments_left_out"
WAITING, CLAIMED = Arrival.Welcome.WAITING, Arrival.Welcome.CLAIMED


@dataclass(frozen=True)
class WelcomeClaim:
    """The right to send one welcome, until `ends_at`."""

    arrival_id: int
    account_id: int
    account_kind: str
    address_id: int
    external_id: str = field(repr=False)
    live_code_id: int | None
    staff_userid: str
    received_at: datetime
    ends_at: datetime
    welcome_code: str = field(repr=False)


@transaction.atomic
def claim_welcome(hospital_id: int, arrival_id: int) -> WelcomeClaim | None:
    """Take the welcome for this worker; None when it is taken, done, or over 20 s old.

    A claim whose worker died may be taken again where the provider's code works once; a message
    without a code might go twice, so that one counts as missed.
    """
    now, times = time.now(), facts.welcome_times()
    abandoned = Q(welcome=CLAIMED, welcome_claimed_at__lt=now - times.reclaim_after)
    abandoned &= ~Q(account__kind__in=rules.WELCOMED_ACTS)
    taken = Arrival.objects.filter(
        Q(welcome=WAITING) | abandoned,
        hospital_id=hospital_id,
        pk=arrival_id,
        received_at__gt=now - times.lifetime,
    ).update(welcome=CLAIMED, welcome_claimed_at=now)
    if not taken:
        return None
    row = Arrival.objects.get(pk=arrival_id)
    (inbound,) = queries.open_arrivals(hospital_id, [arrival_id])
    return WelcomeClaim(
        arrival_id=arrival_id,
        account_id=row.account_id,
        account_kind=inbound.account_kind,
        address_id=inbound.address_id,
        external_id=inbound.external_id,
        live_code_id=row.live_code_id,
        staff_userid=inbound.staff_userid,
        received_at=row.received_at,
        ends_at=times.ends_at(row.received_at),
        welcome_code=inbound.welcome_code,
    )


@transaction.atomic
def settle_welcome(hospital_id: int, arrival_id: int, result: Sent | SendFailed) -> None:
    """Store the outcome and tell it: welcome.sent or welcome.missed, with its delay.

    A sent one whose attachments stayed behind says so in its reason.
    """
    if isinstance(result, SendFailed):
        settle(hospital_id, arrival_id, Arrival.Welcome.MISSED, result.reason_code)
    else:
        reason = LEFT_OUT if result.left_out_count else ""
        settle(hospital_id, arrival_id, Arrival.Welcome.SENT, reason)


@transaction.atomic
def miss_overdue(hospital_id: int, arrival_ids: Sequence[int]) -> None:
    for arrival_id in arrival_ids:
        settle(hospital_id, arrival_id, Arrival.Welcome.MISSED, "welcome_late")


def settle(hospital_id: int, arrival_id: int, outcome: str, reason: str) -> None:
    now = time.now()
    open_ones = Arrival.objects.filter(
        hospital_id=hospital_id, pk=arrival_id, welcome__in=[WAITING, CLAIMED]
    )
    if not open_ones.update(welcome=outcome, welcome_settled_at=now, welcome_reason=reason):
        return
    arrival = Arrival.objects.get(pk=arrival_id)
    delay = now - arrival.received_at
    events.record(
        f"{CODE_NAMES.get(arrival.event, 'welcome')}.{outcome}",
        hospital_id=hospital_id,
        subject="arrival",
        subject_id=arrival_id,
        by=SystemActor(hospital_id),
        data={
            "address_id": arrival.address_id,
            "live_code_id": arrival.live_code_id,
            "reason": reason,
            "delay_ms": int(delay.total_seconds() * 1000),
        },
    )
