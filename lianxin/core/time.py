"""The one clock. SQL takes it as a parameter; nothing else in the house asks for the time."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils import timezone


class HasTimeZone(Protocol):
    time_zone: str


class DemoClock:
    """The offset that the demo's clock panel writes; absent in production, where it is zero."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.stamp: int | None = None
        self.offset = timedelta()

    def read(self) -> timedelta:
        if not self.path:
            return timedelta()
        try:
            stamp = Path(self.path).stat().st_mtime_ns
            if stamp != self.stamp:
                seconds = json.loads(Path(self.path).read_text(encoding="utf-8"))["offset_seconds"]
                self.offset, self.stamp = timedelta(seconds=float(seconds)), stamp
        except (OSError, ValueError, KeyError):
            return self.offset
        return self.offset


demo_clock = DemoClock(os.environ.get("LIANXIN_CLOCK_FILE", ""))


def now() -> datetime:
    """Return the current instant in UTC, shifted by the demo's offset if there is one."""
    return timezone.now() + demo_clock.read()  # noqa: TID251 - this is the one place


def local(place: HasTimeZone, at: datetime) -> datetime:
    """Return `at` on the wall clock of the place, usually a hospital."""
    return at.astimezone(ZoneInfo(place.time_zone))


def today(place: HasTimeZone) -> date:
    return local(place, now()).date()
