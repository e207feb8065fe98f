"""Decisions about contacts and their talks, over values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

HALF, ACTIVE, REMOVED = "half", "active", "removed"
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


Pair = tuple[str, str]


# What a line of the provider's list means to what we know of the pair.
KNOWN, ADDED, BACK = "known", "added", "back"
UNLISTED = "unlisted"
# How somebody is added whom a list has again: by the list of contacts, by that of followers.
LISTED_AGAIN = frozenset({BACK, "listed"})


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


NO_FRIEND = "no_friend"


def read_doubt(doubt: str, doubted_at: datetime, listed_at: datetime | None) -> str:
    """Decide by whom a doubted relation was ended, after a look; empty: it stands.

    `listed_at` is when the two met as the look has it; None: it has no such pair. A person who
    deleted the member stays in the member's list, so there only the failed message tells.
    """
    if listed_at is None:
        return UNLISTED
    return "by_patient" if doubt == NO_FRIEND and listed_at <= doubted_at else ""


def next_batch(members: Sequence[str], done: int, size: int) -> Sequence[str]:
    """Return the members whose contacts are compared next; empty when all are done."""
    return members[done : done + size]


def session_after_message(session_state: int) -> int:
    """Return the session state after the patient wrote: an ended one starts anew."""
    return 0 if session_state == SESSION_ENDED else session_state
