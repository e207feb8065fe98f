"""Decisions about contacts, welcomes and tokens, over values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

HALF, ACTIVE, REMOVED = "half", "active", "removed"
# get_groupmsg_send_result, document 015/012: 0 unsent, 1 sent, 2 not a friend, 3 quota used up.
TASK_STATUS = {1: ("delivered", ""), 2: ("failed", "not_a_contact"), 3: ("failed", "quota_full")}
SESSION_ENDED = 4


class RelationChange(NamedTuple):
    """What a contact event does to a relation: its new state, and whether that is news."""

    state: str
    is_news: bool


def add_relation(current: str | None, kind: str) -> RelationChange:
    """Decide what an added contact does. Half and full may come alone, both, or reversed."""
    if kind == HALF:
        if current in {HALF, ACTIVE}:
            return RelationChange(current, is_news=False)
        return RelationChange(HALF, is_news=True)
    return RelationChange(ACTIVE, is_news=current not in {HALF, ACTIVE})


def is_stale(current_changed_at: datetime | None, occurred_at: datetime) -> bool:
    """Tell whether an event is older than what the relation already knows."""
    return current_changed_at is not None and occurred_at < current_changed_at


@dataclass(frozen=True)
class WelcomeTimes:
    """How long a welcome code lives, and when a claim counts as abandoned."""

    lifetime: timedelta
    reclaim_after: timedelta

    def ends_at(self, received_at: datetime) -> datetime:
        return received_at + self.lifetime

    def may_reclaim(self, claimed_at: datetime | None, now: datetime) -> bool:
        return claimed_at is None or now - claimed_at >= self.reclaim_after


Pair = tuple[str, str]


# What a line of the provider's list means to what we know of the pair.
KNOWN, ADDED, BACK = "known", "added", "back"
UNLISTED = "unlisted"


@dataclass(frozen=True)
class KnownRelation:
    """What we know of one member and one contact."""

    state: str
    removed_by: str
    removed_at: datetime | None


def read_listed(known: KnownRelation | None, added_at: datetime) -> str:
    """Decide what it means that the provider lists a pair.

    A person who deleted the member stays in the member's list: that one stays removed, unless
    they met anew since. What we ended only because it was not listed comes back.
    """
    if known is None:
        return ADDED
    if known.state != REMOVED or known.removed_at is None:
        return KNOWN
    if added_at > known.removed_at:
        return ADDED
    return BACK if known.removed_by == UNLISTED else KNOWN


def next_batch(members: Sequence[str], done: int, size: int) -> Sequence[str]:
    """Return the members whose contacts are compared next; empty when all are done."""
    return members[done : done + size]


def is_token_fresh(expires_at: datetime | None, now: datetime, spare: timedelta) -> bool:
    return expires_at is not None and now + spare < expires_at


def session_after_message(session_state: int) -> int:
    """Return the session state after the patient wrote: an ended one starts anew."""
    return 0 if session_state == SESSION_ENDED else session_state


def task_outcome(status: int) -> tuple[str, str] | None:
    """Return (status, reason) of one person's share of a task; None while it is unsettled."""
    return TASK_STATUS.get(status)


# ---- live codes: who answers now ----------------------------------------------------------

# Why these people answer; words.py has a sentence for each.
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


# ---- live codes: which welcome goes --------------------------------------------------------

# For whom a welcome is, and when.
ANYONE, FIRST, RETURNING = "anyone", "first", "returning"
ALWAYS, IN_HOURS, NOBODY_ON_DUTY = "always", "in_hours", "nobody_on_duty"
MOST_WELCOMES = 10


@dataclass(frozen=True)
class Welcome:
    """A welcome for certain people at certain times."""

    text: str
    whom: str = ANYONE
    when: str = ALWAYS
    hours: tuple[DutyHours, ...] = ()

    @property
    def is_for_all(self) -> bool:
        """Tell whether it fits always: then it is no circumstance, but the default."""
        return self.whom == ANYONE and self.when == ALWAYS

    def fits(self, circumstance: Circumstance) -> bool:
        if self.whom != ANYONE and (self.whom == RETURNING) != circumstance.is_returning:
            return False
        if self.when == NOBODY_ON_DUTY:
            return not circumstance.is_somebody_on_duty
        if self.when == IN_HOURS:
            at = circumstance.at
            minute = at.hour * 60 + at.minute
            return any(one.cover(at.weekday(), minute) for one in self.hours)
        return True


class Circumstance(NamedTuple):
    """Who comes, and when, on the hospital's clock."""

    at: datetime
    is_returning: bool
    is_somebody_on_duty: bool


class ChosenWelcome(NamedTuple):
    """The one welcome that goes. Number 0 is the default, else its place in the order."""

    number: int
    text: str


def choose_welcome(
    default: str, welcomes: Iterable[Welcome], circumstance: Circumstance
) -> ChosenWelcome:
    """Choose the first that fits, in the order people gave them; the default when none does."""
    for number, welcome in enumerate(welcomes, start=1):
        if welcome.fits(circumstance):
            return ChosenWelcome(number, welcome.text)
    return ChosenWelcome(0, default)


def is_somebody_on_duty(roster: Iterable[Answerer], at: datetime) -> bool:
    """Tell whether anybody who has not left has duty now; a fallback has no duty of its own."""
    return any(not one.has_left and not one.is_fallback and one.is_on_duty(at) for one in roster)


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


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_callback_seen(set_at: datetime | None, *seen_at: datetime | None) -> bool:
    """Tell whether the provider has come with the token and key that are set now."""
    return any(at is not None and (set_at is None or at >= set_at) for at in seen_at)


def find_origin_fault(scheme: str, host: str) -> str:
    """Return why the pages at this address would not open on a phone, empty when they would."""
    if host in LOOPBACK:
        return "origin_local"
    if scheme != "https":
        return "origin_plain"
    is_number = host.replace(".", "").isdigit() or ":" in host
    return "origin_number" if is_number else ""
