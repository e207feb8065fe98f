"""Which welcome a live code gives, to whom, and why."""

from __future__ import annotations

from datetime import datetime

from lianxin.channels import rules
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.models import Arrival, LiveCode, Relation
from lianxin.channels.queries.attachments import as_attachments
from lianxin.channels.queries.rosters import rosters_of
from lianxin.channels.rules import ChosenWelcome, Circumstance, DutyHours, Welcome
from lianxin.core import time


def welcomes_of(code: LiveCode) -> tuple[Welcome, ...]:
    """Return the welcomes by circumstance, in their order."""
    return tuple(
        Welcome(
            text=row["text"],
            whom=row["whom"],
            when=row["when"],
            hours=tuple(DutyHours(*stretch) for stretch in row["hours"]),
            attachments=as_attachments(row.get("attachments", [])),
        )
        for row in code.welcomes
    )


def attachments_of_welcome(code: LiveCode, number: int) -> tuple[Attachment, ...]:
    """Return what goes along with one of its welcomes; 0 is the default."""
    if number == 0:
        return as_attachments(code.welcome_attachments)
    return welcomes_of(code)[number - 1].attachments


def circumstance_of(code: LiveCode, at: datetime, *, is_returning: bool) -> Circumstance:
    here = time.local(code.hospital, at)
    roster = rosters_of(code.hospital_id, [code])[code.pk]
    return Circumstance(here, is_returning, rules.is_somebody_on_duty(roster, here))


def choose_welcome(code: LiveCode, at: datetime, *, is_returning: bool) -> ChosenWelcome:
    circumstance = circumstance_of(code, at, is_returning=is_returning)
    return rules.choose_welcome(code.welcome_text, welcomes_of(code), circumstance)


def welcome_for_arrival(code: LiveCode, arrival_id: int) -> ChosenWelcome:
    """Choose for one arrival: the same answer however often and whenever it is asked."""
    if not code.welcomes:
        return ChosenWelcome(0, code.welcome_text)
    arrival = Arrival.objects.get(hospital_id=code.hospital_id, pk=arrival_id)
    is_returning = has_come_before(code.hospital_id, arrival.address_id, arrival.occurred_at)
    return choose_welcome(code, arrival.received_at, is_returning=is_returning)


def count_left_out(code: LiveCode, since: datetime) -> int:
    """Count the welcomes that went since then without all that belongs to them."""
    rows = Arrival.objects.filter(
        hospital_id=code.hospital_id, live_code=code, welcome=Arrival.Welcome.SENT
    )
    return rows.filter(welcome_settled_at__gte=since).exclude(welcome_reason="").count()


def has_come_before(hospital_id: int, address_id: int | None, at: datetime) -> bool:
    """Tell whether a relation of this person at this account had ended before.

    One that was taken up again forgets its end, so the arrivals are asked too.
    """
    if address_id is None:
        return False
    ended = Arrival.objects.filter(
        hospital_id=hospital_id,
        address_id=address_id,
        event="contact.removed",
        occurred_at__lte=at,
    )
    standing = Relation.objects.filter(hospital_id=hospital_id, address_id=address_id)
    over = standing.filter(state=Relation.State.REMOVED, removed_at__lte=at)
    return ended.exists() or over.exists()
