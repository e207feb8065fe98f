"""What one account takes in within a transaction, and how the rooms above hear of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.models import Address, Arrival, LiveCode
from lianxin.core.events import Entry


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
