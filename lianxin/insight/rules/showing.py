"""From numerator and denominator to what a page may say. A zero denominator is "—", never 0 %."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

NOTHING = "—"
Z_95 = 1.96
Direction = Literal["up", "down", "none"]
Verdict = Literal["", "no_basis", "too_few", "within_error", "better", "worse", "up", "down"]


@dataclass(frozen=True)
class Figure:
    """What one statement counted in one period."""

    numerator: int = 0
    denominator: int = 0
    median: float | None = None
    p90: float | None = None
    missing: int = 0

    @property
    def rate(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Period:
    """Half-open: from `starts` up to, not including, `ends`."""

    starts: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        return self.ends - self.starts


def before(period: Period) -> Period:
    """Return the period of the same length that came before."""
    return Period(period.starts - period.length, period.starts)


def split(period: Period, count: int) -> list[Period]:
    """Cut a period into equal pieces, oldest first."""
    piece = period.length / count
    return [
        Period(period.starts + piece * index, period.starts + piece * (index + 1))
        for index in range(count)
    ]


def is_hidden(figure: Figure, hidden_below: int) -> bool:
    """Tell whether so few people stand behind a number that it would name them."""
    return 0 < figure.denominator < hidden_below


def show_rate(figure: Figure) -> str:
    return NOTHING if figure.rate is None else f"{figure.rate * 100:.1f}"


def show_minutes(minutes: float | None) -> str:
    """Write minutes with one decimal below ten, where a half matters."""
    if minutes is None:
        return NOTHING
    return f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}"


def show_count(figure: Figure) -> str:
    return f"{figure.denominator:,}" if figure.denominator else NOTHING


def show_value(kind: str, figure: Figure) -> str:
    if kind == "rate":
        return show_rate(figure)
    if kind == "minutes":
        return show_minutes(figure.median)
    return show_count(figure)


def judge_change(
    kind: str, now: Figure, then: Figure, better: Direction, unsure_below: int
) -> Verdict:
    """Say whether the change against the last period means anything."""
    if not then.denominator or not now.denominator:
        return "no_basis"
    if min(now.denominator, then.denominator) < unsure_below:
        return "too_few"
    difference = change_of(kind, now, then)
    if difference is None:
        return "no_basis"
    if kind == "rate" and not is_significant(now, then):
        return "within_error"
    if difference == 0:
        return "within_error"
    if better == "none":
        return "up" if difference > 0 else "down"
    return "better" if (difference > 0) == (better == "up") else "worse"


def change_of(kind: str, now: Figure, then: Figure) -> float | None:
    """Return percentage points, minutes or pieces of difference."""
    if kind == "rate":
        if now.rate is None or then.rate is None:
            return None
        return (now.rate - then.rate) * 100
    if kind == "minutes":
        if now.median is None or then.median is None:
            return None
        return now.median - then.median
    return float(now.denominator - then.denominator)


def is_significant(now: Figure, then: Figure) -> bool:
    """Tell whether two shares differ by more than chance (two-proportion z, 95 %)."""
    total = now.denominator + then.denominator
    pooled = (now.numerator + then.numerator) / total
    spread = math.sqrt(pooled * (1 - pooled) * (1 / now.denominator + 1 / then.denominator))
    if spread == 0:
        return False
    return abs((now.rate or 0) - (then.rate or 0)) / spread > Z_95
