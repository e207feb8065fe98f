"""Which days of the statistics are still to be asked for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta


def find_gap(known: Collection[date], last: date, length: int) -> date | None:
    """Return the oldest of the last days that is missing; None when all are there."""
    days = (last - timedelta(days=length - 1 - number) for number in range(length))
    return next((day for day in days if day not in known), None)
