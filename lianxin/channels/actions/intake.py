"""What one account takes in within a transaction: each thing once, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from lianxin.channels import queries, rules, sealing
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.models import ARRIVAL_KEY_CHARACTERS, Address, Arrival, LiveCode
from lianxin.channels.queries import links
from lianxin.core.events import Entry
from lianxin.core.keys import Keyring


@dataclass
class Intake:
    """One account taking things in, inside one transaction."""

    account: AccountFacts
    now: datetime
    entries: list[Entry] = field(default_factory=list)

    @property
    def hospital_id(self) -> int:
        return self.account.hospital_id

    def tell(self, name: str, subject: str, subject_id: int, data: dict[str, Any]) -> None:
        common = {"account_id": self.account.id, "account_kind": self.account.kind}
        entry = Entry(
            name=name,
            hospital_id=self.hospital_id,
            subject=subject,
            subject_id=subject_id,
            by_kind="system",
            data=common | data,
        )
        self.entries.append(entry)


def tell_added(intake: Intake, address: Address, arrival: Arrival, *, is_new: bool) -> None:
    code = arrival.live_code
    tell_met(
        intake,
        address.pk,
        arrival.pk,
        code=code,
        staff_id=address.staff_id or (code.staff_id if code else None),
        kind=arrival.kind,
        is_new=is_new,
        is_waiting=arrival.welcome == "waiting",
    )


def tell_met(
    intake: Intake,
    address_id: int,
    arrival_id: int,
    *,
    code: LiveCode | None,
    staff_id: int | None,
    kind: str,
    is_new: bool = True,
    is_waiting: bool = False,
) -> None:
    intake.tell(
        "contact.added",
        "address",
        address_id,
        {
            "arrival_id": arrival_id,
            "welcome_arrival_id": arrival_id if is_waiting else None,
            "live_code_id": code.pk if code else None,
            "staff_id": staff_id,
            "kind": kind,
            "is_new": is_new,
        },
    )


def store_arrival(
    intake: Intake, inbound: Inbound, address: Address | None, code: LiveCode | None
) -> Arrival | None:
    """Store the arrival; None when it was stored before."""
    key = inbound.arrival_key[:ARRIVAL_KEY_CHARACTERS]
    if Arrival.objects.filter(account_id=intake.account.id, arrival_key=key).exists():
        return None
    payload = {name: getattr(inbound, name) for name in queries.PAYLOAD_FIELDS}
    payload["raw"] = dict(inbound.raw)
    address_id = address.pk if address else None
    subjects = [(sealing.ADDRESS, address_id)] if address_id is not None else []
    ring = Keyring.load(intake.hospital_id, subjects, create=True)
    arrival = Arrival(
        hospital_id=intake.hospital_id,
        account_id=intake.account.id,
        address=address,
        live_code=code,
        link_place=links.find_place(code, inbound.state),
        event=inbound.event,
        kind=inbound.kind[:40],
        arrival_key=key,
        welcome=Arrival.Welcome.WAITING if is_welcomed(intake, inbound) else Arrival.Welcome.NONE,
        payload_sealed=sealing.seal_payload(ring, intake.hospital_id, address_id, payload),
        occurred_at=inbound.occurred_at,
        received_at=inbound.received_at or intake.now,
    )
    try:
        with transaction.atomic():
            arrival.save(force_insert=True)
    except IntegrityError:
        # Another worker stored the same thing between the look and the insert.
        return None
    return arrival


def is_welcomed(intake: Intake, inbound: Inbound) -> bool:
    return rules.is_welcomed(
        intake.account.kind,
        inbound.kind,
        has_code=bool(inbound.welcome_code),
        is_told_live=inbound.received_at is not None,
    )
