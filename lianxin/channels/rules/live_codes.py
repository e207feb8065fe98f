"""Decisions about live codes: who answers now, and what the provider must be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

# Why these people answer; words/live_codes.py has a sentence for each.
ON_DUTY, OFF_HOURS, ALL_FULL = "on_duty", "off_hours", "all_full"
OFF_DUTY, OVER_CAP, NOBODY = "off_duty", "over_cap", "nobody"


class DutyHours(NamedTuple):
    """One stretch of a week, in minutes after midnight.

    What ends before it starts runs past midnight; the same minute twice is a whole day.
    """

    weekday: int  # Monday is 0
    starts: int
    ends: int

    def cover(self, weekday: int, minute: int) -> bool:
        if self.starts < self.ends:
            return weekday == self.weekday and self.starts <= minute < self.ends
        is_evening = weekday == self.weekday and minute >= self.starts
        is_morning = weekday == (self.weekday + 1) % 7 and minute < self.ends
        return is_evening or is_morning


@dataclass(frozen=True)
class Answerer:
    """One person behind a live code. No hours: always; a cap of 0: as many as come."""

    staff_id: int
    userid: str
    name: str
    has_left: bool = False
    is_fallback: bool = False
    daily_cap: int = 0
    hours: tuple[DutyHours, ...] = ()

    def is_on_duty(self, at: datetime) -> bool:
        minute = at.hour * 60 + at.minute
        return not self.hours or any(one.cover(at.weekday(), minute) for one in self.hours)


class Answering(NamedTuple):
    """Who answers, why these, and who on duty has no room left today."""

    members: tuple[Answerer, ...]
    reason: str
    full: tuple[Answerer, ...]


def who_answers(
    roster: Iterable[Answerer], at: datetime, counts_today: Mapping[str, int]
) -> Answering:
    """Decide who answers at `at`, on the hospital's clock. `counts_today` goes by userid.

    First who is on duty and has room; then the fallback with room; then anybody with room; over
    the cap only when nobody has room. Empty only when everybody has left.
    """
    present = [one for one in roster if not one.has_left]
    has_room = {
        one.staff_id
        for one in present
        if not one.daily_cap or counts_today.get(one.userid, 0) < one.daily_cap
    }
    regular = [one for one in present if not one.is_fallback]
    on_duty = [one for one in regular if one.is_on_duty(at)]
    fallback = [one for one in present if one.is_fallback]
    full = tuple(one for one in on_duty if one.staff_id not in has_room)
    with_room = (
        (on_duty, ON_DUTY),
        (fallback, ALL_FULL if on_duty else OFF_HOURS),
        (regular, OFF_DUTY),
    )
    for people, reason in with_room:
        free = tuple(one for one in people if one.staff_id in has_room)
        if free:
            return Answering(free, reason, full)
    anyone = tuple(on_duty or fallback or present)
    return Answering(anyone, OVER_CAP if anyone else NOBODY, full)


# What the provider must be told about a live code.
NOTHING, MAKE, UPDATE, WITHDRAW = "nothing", "make", "update", "withdraw"


@dataclass(frozen=True)
class CodeStanding:
    """How a live code stands between us and its provider."""

    is_active: bool
    state: str
    config_id: str
    was_asked: bool
    # Only a contact way can be changed or taken back; an Official Account's code is for ever.
    can_change: bool


def next_code_step(
    standing: CodeStanding, desired: Mapping[str, Any], confirmed: Mapping[str, Any]
) -> str:
    """Return the one thing to do now. A code with nobody behind it is left as it is."""
    if not standing.is_active:
        may_be_there = bool(standing.config_id) or standing.was_asked
        return WITHDRAW if standing.can_change and may_be_there else NOTHING
    if standing.state == "making":
        return MAKE if desired["userids"] or not standing.can_change else NOTHING
    if standing.state == "ready" and standing.can_change and desired["userids"]:
        return UPDATE if desired != confirmed else NOTHING
    return NOTHING


def is_reading_due(
    read_at: datetime | None, now: datetime, local_hour: int, *, every: timedelta, hour: int
) -> bool:
    """Tell whether to read the provider's truth: at night, or when two nights were missed."""
    if read_at is None:
        return True
    age = now - read_at
    return age >= 2 * every or (local_hour == hour and age >= every / 2)


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what differs between two versions, in the order of the newer one."""
    # A field that came after the older version was written was empty there.
    return [name for name, value in new.items() if old.get(name, type(value)()) != value]
