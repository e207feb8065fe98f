"""The gate's numbers as one frozen value, read from data rows (never literals in code)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from lianxin.outreach.rules.facts import Span

# A quota that is as large as its month is long.
DAYS_OF_MONTH = "days_of_month"


@dataclass(frozen=True, slots=True)
class Cap:
    per_day: int | None = None
    per_week: int | None = None
    per_month: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    seconds: int
    limit: int


@dataclass(frozen=True, slots=True)
class Slot:
    """When a merged card or a merged staff task may go out, in hospital time."""

    name: str
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class StaffBudget:
    tasks_per_staff_per_day: int
    tasks_per_patient_per_day: int
    collect_seconds: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """How much a carrier lets through: for one `scope` (account, address) in each period.

    `limit` None means as many as the month has days.
    """

    scope: str
    every: str
    limit: int | None


@dataclass(frozen=True, slots=True)
class Reserve:
    """The part of every quota that is kept for what a clinic must be able to say."""

    share: float
    priorities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Delivering:
    """How the sending job behaves; times in seconds."""

    batch: int
    chunk: int
    lease_seconds: int
    retry_seconds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GateSettings:
    version: str
    source: str
    quiet: tuple[Span, ...]
    resume_at: time
    jitter_minutes: int
    total: Cap
    caps: Mapping[str, Cap]
    windows: Mapping[str, Window]
    webchat_open_seconds: int
    closed_kf_states: Mapping[int, str]
    staff: StaffBudget
    orders: Mapping[str, tuple[str, ...]]
    exempt: Mapping[str, frozenset[str]]
    carrier_purposes: Mapping[str, str]
    priorities: tuple[str, ...]
    card_slots: tuple[Slot, ...]
    delivering: Delivering
    quotas: Mapping[str, QuotaRule]
    # What an account may say instead of the rule of mass messages.
    mass_limits: Mapping[str, QuotaRule]
    reserve: Reserve

    def is_exempt(self, kind: str, rule: str) -> bool:
        return kind in self.exempt.get(rule, frozenset())

    def rank_of(self, priority: str) -> int:
        return self.priorities.index(priority)


def parse_time(text: str) -> time:
    return time.fromisoformat(text)


def parse_slots(rows: Mapping[str, Any]) -> tuple[Slot, ...]:
    return tuple(
        Slot(name, parse_time(row["opens"]), parse_time(row["closes"]))
        for name, row in rows.items()
    )


def parse_quota(row: Mapping[str, Any]) -> QuotaRule:
    limit = row["limit"]
    if row["scope"] not in ("account", "address") or row["every"] not in ("day", "week", "month"):
        raise ValueError(row)
    return QuotaRule(row["scope"], row["every"], None if limit == DAYS_OF_MONTH else int(limit))


def parse_settings(rows: Mapping[str, Any]) -> GateSettings:
    """Read the rows; a missing name is a KeyError, so a broken file never opens the gate."""
    quiet, staff, delivering = rows["quiet"], rows["staff"], rows["delivering"]
    caps = {name: Cap(**row) for name, row in rows["caps"].items()}
    return GateSettings(
        version=str(rows["version"]),
        source=str(rows["source"]),
        quiet=tuple(
            Span(parse_time(row["starts"]), parse_time(row["ends"])) for row in quiet["spans"]
        ),
        resume_at=parse_time(quiet["resume_at"]),
        jitter_minutes=int(quiet["jitter_minutes"]),
        total=caps.pop("total"),
        caps=caps,
        windows={name: Window(**row) for name, row in rows["windows"].items()},
        webchat_open_seconds=int(rows["webchat_open_seconds"]),
        closed_kf_states=dict(rows["closed_kf_states"]),
        staff=StaffBudget(
            tasks_per_staff_per_day=int(staff["tasks_per_staff_per_day"]),
            tasks_per_patient_per_day=int(staff["tasks_per_patient_per_day"]),
            collect_seconds=int(staff["collect_seconds"]),
            slots=parse_slots(staff["slots"]),
        ),
        orders={kind: tuple(order) for kind, order in rows["orders"].items()},
        exempt={rule: frozenset(kinds) for rule, kinds in rows["exempt"].items()},
        carrier_purposes=dict(rows["carrier_purposes"]),
        priorities=tuple(rows["priorities"]),
        card_slots=parse_slots(rows["card_slots"]),
        delivering=Delivering(
            batch=int(delivering["batch"]),
            chunk=int(delivering["chunk"]),
            lease_seconds=int(delivering["lease_seconds"]),
            retry_seconds=tuple(delivering["retry_seconds"]),
        ),
        quotas={carrier: parse_quota(row) for carrier, row in rows["quotas"].items()},
        mass_limits={name: parse_quota(row) for name, row in rows["mass_limits"].items()},
        reserve=Reserve(
            share=float(rows["reserve"]["share"]),
            priorities=frozenset(rows["reserve"]["priorities"]),
        ),
    )


def with_overrides(rows: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a hospital's own values over the product's, name by dotted name; unknown names raise."""
    merged: dict[str, Any] = dict(rows)
    for dotted, value in overrides.items():
        names = dotted.split(".")
        here = merged
        for name in names[:-1]:
            here[name] = dict(here[name])
            here = here[name]
        if names[-1] not in here:
            raise KeyError(dotted)
        here[names[-1]] = value
    return merged
