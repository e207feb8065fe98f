"""The averages that doctors expect of home readings; missing days stay missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from lianxin.health.rules.condition import holds
from lianxin.health.rules.values import Reading, in_order, mean

Means = Mapping[str, float]


@dataclass(frozen=True)
class HomeMean:
    """The mean of a week without its first measured day.

    `counted`/`days` are before that day is dropped and decide validity; `used` is the n shown.
    """

    first_on: date
    last_on: date
    dropped_on: date | None
    counted: int
    days: int
    used: int
    used_days: int
    values: Means
    morning: Means
    evening: Means
    morning_used: int
    evening_used: int
    is_valid: bool
    is_provisional: bool

    @property
    def used_from(self) -> date:
        return self.dropped_on + timedelta(days=1) if self.dropped_on else self.first_on


def home_mean(
    readings: Sequence[Reading], *, last_on: date, zone: tzinfo, settings: Mapping[str, Any]
) -> HomeMean:
    """Average the week that ends on `last_on`: morning and evening readings only, n shown."""
    first_on = last_on - timedelta(days=settings["days"] - 1)
    counted = spaced(
        [r for r in in_order(readings) if r.slot and first_on <= r.local_day(zone) <= last_on],
        settings["apart_seconds"],
    )
    days = sorted({r.local_day(zone) for r in counted})
    dropped = days[0] if days and settings["drop_first_day"] else None
    used = [r for r in counted if r.local_day(zone) != dropped]
    mornings = [r for r in used if r.slot == "morning"]
    evenings = [r for r in used if r.slot == "evening"]
    return HomeMean(
        first_on=first_on,
        last_on=last_on,
        dropped_on=dropped,
        counted=len(counted),
        days=len(days),
        used=len(used),
        used_days=len({r.local_day(zone) for r in used}),
        values=field_means(used),
        morning=field_means(mornings),
        evening=field_means(evenings),
        morning_used=len(mornings),
        evening_used=len(evenings),
        is_valid=len(days) >= settings["least_days"] and len(counted) >= settings["least_readings"],
        is_provisional=len(used) < settings["provisional_below"],
    )


def spaced(readings: Sequence[Reading], apart_seconds: float) -> list[Reading]:
    """Leave out a reading that follows the last kept one too soon to be another measurement."""
    kept: list[Reading] = []
    for reading in readings:
        if not kept or (reading.at - kept[-1].at).total_seconds() >= apart_seconds:
            kept.append(reading)
    return kept


def field_means(readings: Sequence[Reading]) -> dict[str, float]:
    """Mean by field over the readings that have the field."""
    fields = sorted({code for reading in readings for code in reading.values})
    return {
        code: sum(found) / len(found)
        for code in fields
        if (found := [r.values[code] for r in readings if code in r.values])
    }


def week_end(readings: Sequence[Reading], *, today: date, zone: tzinfo) -> date:
    """Say on which day the week ends: today once its evening is measured, else yesterday."""
    has_evening = any(r.slot == "evening" and r.local_day(zone) == today for r in readings)
    return today if has_evening else today - timedelta(days=1)


def latest_week(
    readings: Sequence[Reading], *, today: date, zone: tzinfo, settings: Mapping[str, Any]
) -> HomeMean:
    """Average the week that is over; while that has too few readings, count up to now instead."""
    last_on = week_end(readings, today=today, zone=zone)
    week = home_mean(readings, last_on=last_on, zone=zone, settings=settings)
    if week.is_valid or last_on == today:
        return week
    return home_mean(readings, last_on=today, zone=zone, settings=settings)


@dataclass(frozen=True)
class Variability:
    """Day-to-day spread of the daily mean; None while there are too few days."""

    days: int
    deviation: float | None
    variation_percent: float | None
    step: float | None


def variability(
    readings: Sequence[Reading], field: str, *, zone: tzinfo, least_days: int
) -> Variability:
    """SD and CV of the daily means, and ARV = Σ|xᵢ − xᵢ₋₁| / (n − 1)."""
    daily = list(daily_means(readings, field, zone).values())
    average = mean(daily)
    if len(daily) < max(least_days, 2) or not average:
        return Variability(len(daily), None, None, None)
    deviation = math.sqrt(sum((x - average) ** 2 for x in daily) / (len(daily) - 1))
    steps = [abs(later - earlier) for earlier, later in pairwise(daily)]
    return Variability(
        len(daily), deviation, deviation / average * 100, sum(steps) / (len(daily) - 1)
    )


def daily_means(readings: Sequence[Reading], field: str, zone: tzinfo) -> dict[date, float]:
    """Mean of the field by local day, oldest first, days without a reading left out."""
    by_day: dict[date, list[float]] = {}
    for reading in in_order(readings):
        if field in reading.values:
            by_day.setdefault(reading.local_day(zone), []).append(reading.values[field])
    return {day: sum(found) / len(found) for day, found in by_day.items()}


def difference(home: HomeMean, field: str) -> float | None:
    """Morning mean minus evening mean, None when one is missing."""
    if field not in home.morning or field not in home.evening:
        return None
    return home.morning[field] - home.evening[field]


def at_goal(readings: Sequence[Reading], above: Mapping[str, Any]) -> tuple[int, int]:
    """Count (readings at goal, all readings); `above` is the condition of being over the goal."""
    return sum(not holds(above, reading.values) for reading in readings), len(readings)


def gaps(days: Sequence[date], *, first_on: date, last_on: date) -> list[tuple[date, date]]:
    """List the runs of days without any reading, as (first, last)."""
    present = set(days)
    runs: list[tuple[date, date]] = []
    for offset in range((last_on - first_on).days + 1):
        day = first_on + timedelta(days=offset)
        if day in present:
            continue
        if runs and runs[-1][1] == day - timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
