"""Composing what Lianxin itself says: the welcome and the neutral lines that wake a phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lianxin.channels.adapters.base import cut_bytes

# Stands where words had to end early.
CUT_MARK = "…"


@dataclass(frozen=True, slots=True)
class WelcomeFacts:
    """Who welcomes, and the words of the live code if it has its own."""

    hospital: str
    department: str
    staff: str
    own_text: str = ""


@dataclass(frozen=True, slots=True)
class Composed:
    text: str
    title: str
    description: str


def compose_welcome(facts: WelcomeFacts, words: Mapping[str, str], room: int) -> Composed:
    """Write the welcome in the staff member's name, always with the two safety sentences.

    In more than `room` bytes the hospital's own words end early, the sentences never.
    """
    return finish_welcome(fit_welcome(open_welcome(facts, words), words, room), words)


def compose_fallback_welcome(facts: WelcomeFacts, words: Mapping[str, str], room: int) -> Composed:
    """Write the approved neutral welcome, used when the guard stops the live code's own text."""
    opening = words["fallback"] % names_of(facts)
    return finish_welcome(fit_welcome(opening, words, room), words)


def excess_of_welcome(facts: WelcomeFacts, words: Mapping[str, str], room: int) -> int:
    """Return by how many bytes the whole welcome is too long; 0 when it fits."""
    whole = with_sentences(open_welcome(facts, words), words)
    return max(0, len(whole.encode()) - room)


def open_welcome(facts: WelcomeFacts, words: Mapping[str, str]) -> str:
    """Write what stands above the sentences."""
    opening = facts.own_text.strip()
    if facts.staff and facts.staff not in opening:
        greeting = words["greeting"] % names_of(facts)
        opening = f"{greeting}{opening}"
    return opening or words["fallback"] % names_of(facts)


def names_of(facts: WelcomeFacts) -> dict[str, str]:
    return {"hospital": facts.hospital, "department": facts.department, "staff": facts.staff}


def fit_welcome(opening: str, words: Mapping[str, str], room: int) -> str:
    """Return the opening, or as much of it as leaves room for both sentences below it."""
    if len(with_sentences(opening, words).encode()) <= room:
        return opening
    below = f"{CUT_MARK}\n{words['safety']}\n{words['hours']}"
    return cut_bytes(opening, room - len(below.encode())) + CUT_MARK


def with_sentences(opening: str, words: Mapping[str, str]) -> str:
    lines = [line for line in (words["safety"], words["hours"]) if line not in opening]
    return "\n".join([opening, *lines])


def finish_welcome(opening: str, words: Mapping[str, str]) -> Composed:
    text = with_sentences(opening, words)
    return Composed(text, words["link_title"], words["link_description"])


def push_text(kind: str, words: Mapping[str, str]) -> str:
    """Return the line that may stand on a lock screen for this kind of message."""
    return words.get(kind, words["message"])


def with_delivery_key(path: str, key: str, parameter: str = "d") -> str:
    """Return the path with the delivery's key, by which opening it is counted."""
    if not key:
        return path
    head, mark, fragment = path.partition("#")
    joint = "&" if "?" in head else "?"
    return f"{head}{joint}{parameter}={key}{mark}{fragment}"
