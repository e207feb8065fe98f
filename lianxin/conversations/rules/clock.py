"""The service clock: until when a first answer is due, counted in duty hours where that is fair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

Counting = Literal["always", "duty_hours"]
# Without any duty hours for this long the clock stops looking and counts plainly.
LOOK_AHEAD_DAYS = 14


@dataclass(frozen=True)
class Span:
    starts: time
    ends: time


@dataclass(frozen=True)
class Target:
    minutes: int
    counts: Counting


@dataclass(frozen=True)
class ServiceClock:
    """The hospital's duty hours by ISO weekday and its targets by urgency."""

    hours: Mapping[int, tuple[Span, ...]]
    targets: Mapping[str, Target]
    closing_soon: timedelta
    consult_silence: timedelta
    card_repeat: timedelta
    card_max_age: timedelta
    escalate_every: timedelta


def first_reply_due(arrived: datetime, urgency: str, clock: ServiceClock) -> datetime:
    """Return when the answer is due. `arrived` is on the hospital's wall clock (aware)."""
    target = clock.targets[urgency]
    length = timedelta(minutes=target.minutes)
    if target.counts == "always":
        return arrived + length
    return add_duty_time(arrived, length, clock)


def add_duty_time(start: datetime, length: timedelta, clock: ServiceClock) -> datetime:
    """Walk through the spans of duty until `length` of them has passed."""
    left = length
    for offset in range(LOOK_AHEAD_DAYS):
        day = start.date() + timedelta(days=offset)
        for opens, closes in spans_of(day, start, clock):
            begin = max(opens, start)
            if begin >= closes:
                continue
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
    return start + length


def spans_of(day: date, like: datetime, clock: ServiceClock) -> list[tuple[datetime, datetime]]:
    spans = clock.hours.get(day.isoweekday(), ())
    return [
        (
            datetime.combine(day, span.starts, tzinfo=like.tzinfo),
            datetime.combine(day, span.ends, tzinfo=like.tzinfo),
        )
        for span in spans
    ]


def is_on_duty(at: datetime, clock: ServiceClock) -> bool:
    """Tell whether somebody is on duty at `at` (hospital's wall clock)."""
    return any(opens <= at < closes for opens, closes in spans_of(at.date(), at, clock))


def starts_new_consult(
    last_at: datetime | None, now: datetime, clock: ServiceClock, *, is_open: bool
) -> bool:
    """Tell whether a patient's message opens a consult, or belongs to the running one."""
    if not is_open or last_at is None:
        return True
    return now - last_at > clock.consult_silence


def parse_clock(rows: Mapping[str, Any]) -> ServiceClock:
    """Build the clock from its data rows."""
    return ServiceClock(
        hours={
            int(day): tuple(parse_span(span) for span in spans)
            for day, spans in rows["hours"].items()
        },
        targets={
            name: Target(int(row["minutes"]), row["counts"])
            for name, row in rows["targets"].items()
        },
        closing_soon=timedelta(minutes=rows["closing_soon_minutes"]),
        consult_silence=timedelta(days=rows["consult_silence_days"]),
        card_repeat=timedelta(minutes=rows["card_repeat_minutes"]),
        card_max_age=timedelta(hours=rows["card_max_age_hours"]),
        escalate_every=timedelta(minutes=rows["escalate_every_minutes"]),
    )


def parse_span(row: Mapping[str, str]) -> Span:
    return Span(time.fromisoformat(row["starts"]), time.fromisoformat(row["ends"]))
