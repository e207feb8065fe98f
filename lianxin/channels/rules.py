"""Decisions about contacts, welcomes and tokens, over values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

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


def find_lost(known: Iterable[Pair], listed: Iterable[Pair]) -> set[Pair]:
    """Return the relations we hold that the provider no longer lists."""
    return set(known) - set(listed)


def find_missing(known: Iterable[Pair], listed: Iterable[Pair]) -> set[Pair]:
    """Return the relations the provider lists that never reached us."""
    return set(listed) - set(known)


def is_token_fresh(expires_at: datetime | None, now: datetime, spare: timedelta) -> bool:
    return expires_at is not None and now + spare < expires_at


def session_after_message(session_state: int) -> int:
    """Return the session state after the patient wrote: an ended one starts anew."""
    return 0 if session_state == SESSION_ENDED else session_state


def task_outcome(status: int) -> tuple[str, str] | None:
    """Return (status, reason) of one person's share of a task; None while it is unsettled."""
    return TASK_STATUS.get(status)
