"""The life of an alert: what may follow what, by when, and who is asked next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

AWAITING, OPEN, ACKNOWLEDGED, CLOSED = "awaiting_second", "open", "acknowledged", "closed"

# (state, what happened) -> next state. What is not here cannot happen.
MOVES: Mapping[tuple[str, str], str] = {
    (AWAITING, "second_over"): OPEN,
    (AWAITING, "symptom"): OPEN,
    (AWAITING, "time_out"): OPEN,
    (AWAITING, "second_under"): CLOSED,
    (AWAITING, "acknowledge"): ACKNOWLEDGED,
    (OPEN, "acknowledge"): ACKNOWLEDGED,
    (OPEN, "close"): CLOSED,
    (ACKNOWLEDGED, "close"): CLOSED,
    (ACKNOWLEDGED, "level_rose"): OPEN,
}
LIVE = (AWAITING, OPEN, ACKNOWLEDGED)


def next_state(state: str, happening: str) -> str | None:
    """Name the state that follows, None when this cannot happen now."""
    return MOVES.get((state, happening))


def states_before(happening: str) -> tuple[str, ...]:
    """List the states in which this may happen, for a conditional update."""
    return tuple(state for state, name in MOVES if name == happening)


@dataclass(frozen=True)
class WorkingHours:
    weekdays: frozenset[int]
    from_minute: int
    to_minute: int

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> WorkingHours:
        return cls(frozenset(body["weekdays"]), body["from_minute"], body["to_minute"])

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.to_minute - self.from_minute)


def deadline(level: str, at: datetime, *, zone: tzinfo, settings: Mapping[str, Any]) -> datetime:
    """Say by when somebody must have acknowledged: minutes, working minutes or working days."""
    target, hours = settings["acknowledge"][level], WorkingHours.of(settings["working"])
    if "minutes" in target:
        return at + timedelta(minutes=target["minutes"])
    if "working_days" in target:
        return add_working(at, hours.length * target["working_days"], hours, zone)
    return add_working(at, timedelta(minutes=target["working_minutes"]), hours, zone)


def add_working(at: datetime, amount: timedelta, hours: WorkingHours, zone: tzinfo) -> datetime:
    """Walk forward through working hours only."""
    left, cursor = amount, at.astimezone(zone)
    while True:
        day = datetime.combine(cursor.date(), time(0), tzinfo=zone)
        opens = day + timedelta(minutes=hours.from_minute)
        closes = day + timedelta(minutes=hours.to_minute)
        start = max(cursor, opens)
        if cursor.weekday() in hours.weekdays and start < closes:
            if left <= closes - start:
                return (start + left).astimezone(at.tzinfo)
            left -= closes - start
        cursor = day + timedelta(days=1)


def next_rank(rank: int, line_length: int) -> int:
    """Ask the next person on the line; the last one stays asked."""
    return min(rank + 1, max(line_length - 1, 0))


def confirm_due(at: datetime, settings: Mapping[str, Any]) -> datetime:
    """Say when a reading without a second one counts as confirmed."""
    return at + timedelta(minutes=settings["confirm_minutes"])


def may_be_raised_again(
    last_closed_at: datetime | None, again_after_days: int, now: datetime
) -> bool:
    """Keep a mean that somebody has dealt with from coming back with the next reading."""
    if last_closed_at is None or not again_after_days:
        return True
    return now - last_closed_at >= timedelta(days=again_after_days)
