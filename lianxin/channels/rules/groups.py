"""Decisions about customer groups: what an event means, what to tell the provider."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# What to do with an event about who is in a group.
APPLY, KNOWN, LOOK = "apply", "known", "look"
CAME, WENT = "add_member", "del_member"
# An external id: two letters and thirty signs. A userid may begin with the same letters.
EXTERNAL_PREFIXES, EXTERNAL_CHARACTERS = ("wm", "wo"), 32
STAFF, OUTSIDE = "staff", "outside"
OWNER_LEFT = 1


def is_external(member_id: str) -> bool:
    return len(member_id) == EXTERNAL_CHARACTERS and member_id.startswith(EXTERNAL_PREFIXES)


def kind_of(member_id: str, userids: Collection[str]) -> str:
    """Tell staff from people outside by the id alone; empty when it does not say."""
    if member_id in userids:
        return STAFF
    return OUTSIDE if is_external(member_id) else ""


@dataclass(frozen=True)
class MemberChange:
    """Who came or went, between which two versions, as one event tells it."""

    kind: str
    ids: tuple[str, ...]
    count: int | None
    last: str
    current: str

    @property
    def is_whole(self) -> bool:
        return bool(self.ids) and self.count in (None, len(self.ids))


def read_change(stored: str, change: MemberChange) -> str:
    """Decide what an event about members does. Events may be lost, late, or come twice.

    It counts only when it begins where we stand; one that ends there was counted before. Anything
    else means that we missed something: then the group itself must be asked.
    """
    if change.kind not in (CAME, WENT) or not change.current or not stored:
        return LOOK
    if stored == change.current:
        return KNOWN
    return APPLY if stored == change.last and change.is_whole else LOOK


def is_look_outdated(before: str, now: str, seen: str) -> bool:
    """Tell whether an event moved our version while a look was on its way, and past it."""
    return now not in (before, seen)


@dataclass(frozen=True)
class Membership:
    """Who is in a group as we know it, against who is in it as a look shows."""

    came: tuple[str, ...]
    went: tuple[str, ...]


def compare_members(present: Collection[str], seen: Sequence[str]) -> Membership:
    there = set(seen)
    came = tuple(one for one in dict.fromkeys(seen) if one not in present)
    return Membership(came, tuple(sorted(one for one in present if one not in there)))


def is_reading_due(read_at: datetime | None, now: datetime, *, every: timedelta) -> bool:
    return read_at is None or now - read_at >= every


# ---- join codes ---------------------------------------------------------------------------

NOTHING, MAKE, READ, UPDATE, WITHDRAW = "nothing", "make", "read", "update", "withdraw"


@dataclass(frozen=True)
class JoinStanding:
    """How a join code stands between us and the provider."""

    is_active: bool
    state: str
    config_id: str
    has_picture: bool
    is_reading_due: bool = False


def next_join_step(
    standing: JoinStanding, desired: Mapping[str, Any], confirmed: Mapping[str, Any]
) -> str:
    """Return the one thing to do now. A code without a group is left as it is."""
    if not standing.is_active:
        return WITHDRAW if standing.config_id else NOTHING
    if standing.state == "making":
        return MAKE if desired["chat_ids"] else NOTHING
    if standing.state != "ready":
        return NOTHING
    if not standing.has_picture or standing.is_reading_due:
        return READ
    return UPDATE if desired["chat_ids"] and differs(desired, confirmed) else NOTHING


def differs(desired: Mapping[str, Any], confirmed: Mapping[str, Any]) -> bool:
    return bool(desired != confirmed)


@dataclass(frozen=True)
class Rolled:
    """What rolling over has made of a code: its groups now, the new ones, the next number."""

    chat_ids: tuple[str, ...]
    made: tuple[str, ...]
    base_number: int


def read_rolled(desired: Mapping[str, Any], truth: Mapping[str, Any]) -> Rolled | None:
    """Return what the provider made of a code that may roll over; None: it is as we know it.

    It drops full groups and adds new ones; those are ours to keep, and the number counts on.
    """
    if not desired["rolls_over"] or not truth["chat_ids"]:
        return None
    if truth["chat_ids"] == desired["chat_ids"]:
        return None
    made = tuple(one for one in truth["chat_ids"] if one not in desired["chat_ids"])
    number = max(truth["base_number"], desired["base_number"] + len(made))
    return Rolled(tuple(truth["chat_ids"]), made, number)


def has_drifted(desired: Mapping[str, Any], truth: Mapping[str, Any]) -> bool:
    """Tell whether somebody changed a way elsewhere. Rolling over is no drift."""
    own = ("remark", "state", "rolls_over", "base_name")
    if any(desired[name] != truth[name] for name in own):
        return True
    return not desired["rolls_over"] and bool(desired["chat_ids"] != truth["chat_ids"])


# ---- welcomes, owners, statistics ---------------------------------------------------------

DELETE = "delete"


def next_welcome_step(*, is_active: bool, state: str, template_id: str, is_confirmed: bool) -> str:
    if not is_active:
        return DELETE if template_id else NOTHING
    if state == "making":
        return MAKE
    return UPDATE if state == "ready" and not is_confirmed else NOTHING


LEFT, ON_JOB = "left", "on_job"
# The provider knows better than we whether the owner has left.
OTHER_WAY = {(LEFT, "group_owner_there"): ON_JOB, (ON_JOB, "group_owner_left"): LEFT}


@dataclass(frozen=True)
class DaySpan:
    """Whole days of the provider, both included."""

    first: datetime
    last: datetime


def next_days(
    latest: datetime | None, today: datetime, *, most: int, oldest: int
) -> DaySpan | None:
    """Return the next days to ask about, at midnight each; None when yesterday is known."""
    yesterday, earliest = today - timedelta(days=1), today - timedelta(days=oldest)
    first = earliest if latest is None else max(latest + timedelta(days=1), earliest)
    if latest is None:
        # Who begins looks at one span, not at half a year in six calls.
        first = max(first, today - timedelta(days=most))
    if first > yesterday:
        return None
    return DaySpan(first, min(yesterday, first + timedelta(days=most)))


# ---- what stands in a group's name and notice ---------------------------------------------


@dataclass(frozen=True)
class NoticePart:
    """Something the notice of a group must say: any one of the words is enough."""

    code: str
    words: tuple[str, ...]


def missing_parts(notice: str, parts: Sequence[NoticePart]) -> list[str]:
    """Return the codes of what the notice does not say."""
    plain = "".join(notice.split())
    return [part.code for part in parts if not any(word in plain for word in part.words)]
