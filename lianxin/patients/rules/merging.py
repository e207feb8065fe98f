"""What holds when two rows turn out to be one person: the stricter side, and no gap left open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lianxin.patients.rules.people import FINAL_LIFE_EVENTS


@dataclass(frozen=True)
class Stop:
    """Since when and why nobody writes to a patient; `at` None is no stop."""

    at: datetime | None
    reason: str

    @property
    def is_final(self) -> bool:
        return self.at is not None and self.reason in FINAL_LIFE_EVENTS


def stricter_stop(kept: Stop, folded: Stop) -> Stop:
    """Return the stop that holds for both: a final one first, then any, then the kept one's."""
    for stop in (kept, folded):
        if stop.is_final:
            return stop
    return folded if kept.at is None else kept


@dataclass(frozen=True)
class Known:
    """What stands in one row besides names and numbers."""

    sex: str = "unknown"
    birth_on: date | None = None
    department_id: int | None = None
    team_id: int | None = None
    discharged_on: date | None = None
    risk: str = "unknown"


def fill_gaps(kept: Known, folded: Known) -> dict[str, object]:
    """Return what the kept row learns from the folded one; what it knows already stays."""
    nothing = Known()
    return {
        name: getattr(folded, name)
        for name in Known.__dataclass_fields__
        if getattr(kept, name) == getattr(nothing, name)
        and getattr(folded, name) != getattr(nothing, name)
    }


@dataclass(frozen=True)
class Standing:
    """How well one row is founded, to choose which of two stays."""

    patient_id: int
    is_verified: bool = False
    has_number: bool = False


def choose_kept(one: Standing, other: Standing) -> int:
    """Return whose row stays: the verified one, then the one with a number, then the older."""
    best = min(
        (one, other),
        key=lambda row: (not row.is_verified, not row.has_number, row.patient_id),
    )
    return best.patient_id
