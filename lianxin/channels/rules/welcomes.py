"""Decisions about welcomes: until when one may go, and which one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from lianxin.channels.adapters.base import Attachment
from lianxin.channels.rules.live_codes import Answerer, DutyHours


@dataclass(frozen=True)
class WelcomeTimes:
    """How long a welcome code lives, and when a claim counts as abandoned."""

    lifetime: timedelta
    reclaim_after: timedelta

    def ends_at(self, received_at: datetime) -> datetime:
        return received_at + self.lifetime

    def may_reclaim(self, claimed_at: datetime | None, now: datetime) -> bool:
        return claimed_at is None or now - claimed_at >= self.reclaim_after


# Where no code is given, because an ordinary message may follow the act for a minute.
WELCOMED_ACTS = {"official_account": frozenset({"follow", "scan"})}


def is_welcomed(account_kind: str, act: str, *, has_code: bool, is_told_live: bool) -> bool:
    """Tell whether an arrival is to be welcomed; what only a list tells came too late."""
    acts = WELCOMED_ACTS.get(account_kind, frozenset())
    return has_code or (is_told_live and act in acts)


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
    attachments: tuple[Attachment, ...] = ()

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
