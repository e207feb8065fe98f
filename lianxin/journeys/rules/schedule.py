"""When each step of each patient is due. Deterministic: the same input gives the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from lianxin.journeys.rules.definition import Definition, Step, Timing


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step on one day for one person. `occurrence` is that day in the hospital's zone."""

    step_key: str
    occurrence: date
    due_at: datetime
    window_ends_at: datetime


@dataclass(frozen=True, slots=True)
class Horizon:
    """Which days to plan: from `first` up to and including `last`."""

    first: date
    last: date


def materialise(
    definition: Definition,
    anchor_on: date,
    zone_name: str,
    horizon: Horizon,
    *,
    enrolled_at: datetime,
) -> list[PlannedStep]:
    """Plan the steps of the horizon, in order of their due time.

    What was over before the person joined is left out, except steps that catch up.
    """
    zone = ZoneInfo(zone_name)
    planned = [
        placed
        for step in definition.steps
        if step.timing
        for day in step.timing.days
        if (placed := place(step, step.timing, anchor_on + timedelta(days=day), zone, enrolled_at))
        and horizon.first <= placed.occurrence <= horizon.last
    ]
    return sorted(planned, key=lambda p: (p.due_at, p.step_key))


def place(
    step: Step, timing: Timing, on: date, zone: ZoneInfo, enrolled_at: datetime
) -> PlannedStep | None:
    due_at = datetime.combine(on, timing.at, tzinfo=zone).astimezone(UTC)
    ends_at = due_at + timing.window
    if ends_at > enrolled_at:
        return PlannedStep(step.key, on, due_at, ends_at)
    if not timing.catches_up:
        return None
    joined_on = enrolled_at.astimezone(zone).date()
    return PlannedStep(step.key, joined_on, enrolled_at, enrolled_at + timing.window)


def is_over(definition: Definition, anchor_on: date, planned_until: date) -> bool:
    """Tell whether every step of the journey lies at or before the day planned so far."""
    return anchor_on + timedelta(days=definition.last_day) <= planned_until


def dates_of(definition: Definition, anchor_on: date) -> Iterator[tuple[int, date]]:
    """Yield the days on which something happens, as number and date."""
    days = sorted({day for step in definition.steps if step.timing for day in step.timing.days})
    for day in days:
        yield day, anchor_on + timedelta(days=day)
