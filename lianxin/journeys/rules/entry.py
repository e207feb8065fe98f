"""Who may start a journey, and when again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from lianxin.journeys.rules.definition import Definition, Trigger

Answer = Literal["yes", "already_on_it", "too_soon", "never_again", "no_consent", "not_verified",
                 "stopped", "no_anchor", "over"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastEnrolment:
    state: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of the person who might start."""

    is_verified: bool
    is_stopped: bool
    consents: frozenset[str]
    past: Sequence[PastEnrolment] = ()


def may_enter(definition: Definition, candidate: Candidate, now: datetime) -> Answer:
    """Answer yes, or the first reason why not. Verified and consented, always."""
    if candidate.is_stopped:
        return "stopped"
    if not candidate.is_verified:
        return "not_verified"
    if not set(definition.purposes) <= candidate.consents:
        return "no_consent"
    return may_enter_again(definition, candidate.past, now)


def may_enter_again(definition: Definition, past: Sequence[PastEnrolment], now: datetime) -> Answer:
    if any(one.state in {"active", "paused"} for one in past):
        return "already_on_it"
    if not past:
        return "yes"
    if definition.reentry_after_days is None:
        return "never_again"
    wait = timedelta(days=definition.reentry_after_days)
    ends = [one.ended_at for one in past if one.ended_at]
    return "too_soon" if any(now < ended_at + wait for ended_at in ends) else "yes"


def find_anchor(definition: Definition, *, discharged_on: date | None, today: date) -> date | None:
    """Return day 0. A discharge date in the future is one; a journey long over has none left."""
    if definition.anchor == "enrolled_on":
        return today
    return discharged_on


def is_in_group(triggers: Iterable[Trigger], groups: Collection[str]) -> bool:
    """Tell whether one of these groups is one that the triggers name."""
    named = [t.group for t in triggers if t.kind == "group"]
    return any(groups and (not group or group in groups) for group in named)


def ends_by_leaving(definition: Definition, groups: Collection[str]) -> bool:
    """Tell whether who is in these groups now is in none any more that keeps the journey going."""
    keeping = [t for t in definition.triggers if t.kind == "group" and t.ends_on_leaving]
    return bool(keeping) and not is_in_group(keeping, groups)


def is_started_by(definition: Definition, kind: str, name: str = "") -> bool:
    return any(t.kind == kind and t.name in {"", name} for t in definition.triggers)
