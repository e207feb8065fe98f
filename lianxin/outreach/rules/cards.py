"""Merged cards: everything routine of a morning or an evening is one card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo

from lianxin.outreach.rules.settings import Slot

WAITING = "waiting"
ANNOUNCED = "announced"
DONE = "done"
EXPIRED = "expired"


def merge_items(waiting: Sequence[str], more: Iterable[str]) -> list[str]:
    """Return both lists as one, each code once, in the order in which they came."""
    return list(dict.fromkeys((*waiting, *more)))


def announce_key(patient_id: int, on: date, slot: str) -> str:
    """Name the one announcement that a patient's card of this slot may have."""
    return f"card:{patient_id}:{on.isoformat()}:{slot}"


def slot_window(slots: Sequence[Slot], name: str, on: date, zone: tzinfo) -> tuple[datetime, ...]:
    """Return when the slot's card opens and when it has no more sense."""
    slot = next(slot for slot in slots if slot.name == name)
    return (
        datetime.combine(on, slot.opens, tzinfo=zone),
        datetime.combine(on, slot.closes, tzinfo=zone),
    )


def find_slot(slots: Sequence[Slot], local: datetime) -> Slot | None:
    return next((slot for slot in slots if slot.opens <= local.time() < slot.closes), None)
