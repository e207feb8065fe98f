"""Which days of an account are still to be asked for, and in which spans."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta


def days_to_ask(
    yesterday: date, told: Collection[date], untold: Collection[date], *, kept: int, patience: int
) -> list[date]:
    """Return the days of which nothing is known, oldest first, `kept` days back at most.

    A day that was asked for and not told (`untold`) is asked for again while it is younger than
    `patience` days: the provider counts late sometimes.
    """
    settled = set(told) | {day for day in untold if (yesterday - day).days >= patience}
    days = [yesterday - timedelta(days=back) for back in reversed(range(kept))]
    return [day for day in days if day not in settled]


def cut_spans(days: Collection[date], most: int) -> list[tuple[date, date]]:
    """Cover the days with spans of `most` days at most, both ends included and both wanted."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and (day - spans[-1][0]).days < most:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
