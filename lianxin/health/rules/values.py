"""The small values that every health rule speaks in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

LEVELS = ("blue", "yellow", "orange", "red")


def level_rank(level: str) -> int:
    """Say how urgent a level is; higher is more urgent."""
    return LEVELS.index(level)


def lower_level(one: str, other: str) -> str:
    return one if level_rank(one) <= level_rank(other) else other


def higher_level(one: str, other: str) -> str:
    return one if level_rank(one) >= level_rank(other) else other


@dataclass(frozen=True)
class Slot:
    """A named part of the day, `from_minute` counted from local midnight, end excluded."""

    name: str
    from_minute: int
    to_minute: int


@dataclass(frozen=True)
class Slots:
    items: tuple[Slot, ...]

    @classmethod
    def of(cls, body: Mapping[str, Mapping[str, int]]) -> Slots:
        return cls(
            tuple(Slot(name, span["from_minute"], span["to_minute"]) for name, span in body.items())
        )

    def name_at(self, at: datetime, zone: tzinfo) -> str:
        """Name the slot of this instant, "" between them."""
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        for slot in self.items:
            if slot.from_minute <= minute < slot.to_minute:
                return slot.name
        return ""


@dataclass(frozen=True)
class Reading:
    """One measurement as the rules see it; `values` by field code."""

    at: datetime
    values: Mapping[str, float]
    slot: str = ""

    def local_day(self, zone: tzinfo) -> date:
        return self.at.astimezone(zone).date()


@dataclass(frozen=True)
class Person:
    """What the rules may know about the patient; `None` means nobody has said."""

    age: int | None = None
    flags: frozenset[str] | None = None


@dataclass(frozen=True)
class Rule:
    """A reviewed threshold row."""

    code: str
    version: int
    body: Mapping[str, Any]

    @property
    def metric(self) -> str:
        return str(self.body["metric"])

    @property
    def family(self) -> str:
        return str(self.body["family"])

    @property
    def rank(self) -> int:
        return int(self.body["rank"])

    @property
    def scope(self) -> str:
        return str(self.body["scope"])

    @property
    def level(self) -> str:
        return str(self.body["level"])

    @property
    def needs_second(self) -> bool:
        return self.body.get("confirm") == "second"

    @property
    def symptom_group(self) -> str:
        return str(self.body.get("symptoms", {}).get("group", ""))

    @property
    def yields_to(self) -> frozenset[str]:
        return frozenset(self.body.get("yields_to", ()))


def mean(numbers: Iterable[float]) -> float | None:
    """Average of the numbers, None of nothing."""
    items = list(numbers)
    return sum(items) / len(items) if items else None


def in_order(readings: Iterable[Reading]) -> Sequence[Reading]:
    return sorted(readings, key=lambda reading: reading.at)
