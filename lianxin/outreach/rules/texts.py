"""Composing what Lianxin itself says: the welcome and the neutral lines that wake a phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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


def compose_welcome(facts: WelcomeFacts, words: Mapping[str, str]) -> Composed:
    """Write the welcome in the staff member's name, always with the two safety sentences."""
    names = {"hospital": facts.hospital, "department": facts.department, "staff": facts.staff}
    opening = facts.own_text.strip()
    if facts.staff and facts.staff not in opening:
        greeting = words["greeting"] % names
        opening = f"{greeting}{opening}"
    return finish_welcome(opening or words["fallback"] % names, words)


def compose_fallback_welcome(facts: WelcomeFacts, words: Mapping[str, str]) -> Composed:
    """Write the approved neutral welcome, used when the guard stops the live code's own text."""
    names = {"hospital": facts.hospital, "department": facts.department, "staff": facts.staff}
    return finish_welcome(words["fallback"] % names, words)


def finish_welcome(opening: str, words: Mapping[str, str]) -> Composed:
    lines = [opening]
    lines += [line for line in (words["safety"], words["hours"]) if line not in opening]
    return Composed("\n".join(lines), words["link_title"], words["link_description"])


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
