"""A chart of days: one bar a day, and a day that is not told has no bar, only its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

BAR_WIDTH, BAR_GAP, HEIGHT = 15, 6, 90


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    height: int
    words: str
    is_told: bool


@dataclass(frozen=True)
class BarChart:
    """Everything `channels/day_bars.html` draws."""

    bars: list[Bar]
    most: int
    first: date | None
    last: date | None
    bar_width: int = BAR_WIDTH
    height: int = HEIGHT

    @property
    def width(self) -> int:
        return len(self.bars) * (BAR_WIDTH + BAR_GAP)


def draw_bars(days: Sequence[tuple[date, int | None]], most: int | None = None) -> BarChart:
    """Draw the days; `most` is what the full height stands for, for charts to be compared."""
    top = max([count or 0 for _on, count in days], default=0) if most is None else most
    bars = []
    for number, (on, count) in enumerate(days):
        height = round(HEIGHT * (count or 0) / (top or 1))
        told = _("平台未提供") if count is None else str(count)
        x = number * (BAR_WIDTH + BAR_GAP)
        bars.append(Bar(x, HEIGHT - height, height, f"{on:%m-%d} {told}", count is not None))
    first, last = (days[0][0], days[-1][0]) if days else (None, None)
    return BarChart(bars, top, first, last)
