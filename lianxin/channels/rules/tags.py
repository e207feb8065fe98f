"""Decisions about corp tags, over values only: what may leave, who was later, what to say next."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

# What the provider must be told about one tag of the allow-list.
NOTHING, MAKE, RENAME, DELETE, LET_GO = "nothing", "make", "rename", "delete", "let_go"


@dataclass(frozen=True)
class TagWord:
    """A stem that says something about somebody's health, or (`allow`) one that only looks so."""

    word: str
    source: str
    allow: bool = False


def find_illness(text: str, words: Iterable[TagWord]) -> str:
    """Return the first word of an illness in the text, empty when there is none.

    What merely contains a stem without meaning it (病区) is taken out before the look.
    """
    plain = flatten(text)
    rows = list(words)
    for row in rows:
        if row.allow:
            plain = plain.replace(row.word, "\n")
    return next((row.word for row in rows if not row.allow and row.word in plain), "")


def flatten(text: str) -> str:
    """Return the text without what hides a word: blanks, invisible marks, full-width forms."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in plain if unicodedata.category(one)[0] in "LN")


class TagChange(NamedTuple):
    """Whether a person carries a tag, and since when somebody wants it so."""

    is_on: bool
    at: datetime


def later_change(one: TagChange | None, other: TagChange) -> TagChange:
    """Return the change that counts: the later one; of two at one time, the one that removes."""
    if one is None or other.at > one.at:
        return other
    if one.at > other.at:
        return one
    return other if not other.is_on else one


@dataclass(frozen=True)
class MarkState:
    """What the provider has of one tag on one relation, as far as we know.

    `asked` is what we asked for without having heard the answer; None: nothing.
    """

    is_on: bool = False
    at: datetime | None = None
    asked: bool | None = None


def is_echo(state: MarkState, seen: bool) -> bool:  # noqa: FBT001 - what was seen, a value
    """Tell whether what a look shows is what was there, or what we asked for ourselves."""
    return seen in (state.is_on, state.asked)


def time_of_change(state: MarkState, edited_at: datetime | None, read_at: datetime) -> datetime:
    """Return when staff changed a mark: when a callback told of an edit since, else the look."""
    is_told = edited_at is not None and (state.at is None or edited_at > state.at)
    return edited_at if is_told and edited_at is not None and edited_at <= read_at else read_at


class Marks(NamedTuple):
    """What to put on one relation and what to take off it, by tag."""

    add: tuple[int, ...]
    remove: tuple[int, ...]


def next_marks(
    wanted: Mapping[int, bool], known: Mapping[int, MarkState], allowed: set[int]
) -> Marks:
    """Return what to tell the provider. What is not allowed is never added, only taken off.

    What was asked for without an answer is asked for again: a repeat changes nothing.
    """
    on = {tag for tag, is_on in wanted.items() if is_on and tag in allowed}
    surely = {tag for tag, one in known.items() if one.is_on and one.asked is not False}
    perhaps = {tag for tag, one in known.items() if one.is_on or one.asked}
    return Marks(tuple(sorted(on - surely)), tuple(sorted(perhaps - on)))


@dataclass(frozen=True)
class TagStanding:
    """How one tag of the allow-list stands between us and the provider."""

    is_allowed: bool
    state: str
    name: str
    seen_name: str
    tag_id: str
    is_ours: bool
    was_asked: bool
    has_carriers: bool


def next_tag_step(tag: TagStanding) -> str:
    """Return the one thing to do now. Only what we made is renamed or deleted."""
    if tag.is_allowed:
        if tag.state == "making":
            return MAKE
        is_renamed = tag.state == "ready" and tag.seen_name != tag.name
        return RENAME if is_renamed and tag.is_ours else NOTHING
    if tag.state != "removing":
        return NOTHING
    if (tag.tag_id and tag.is_ours) or (not tag.tag_id and tag.was_asked):
        return DELETE
    return NOTHING if tag.has_carriers else LET_GO
