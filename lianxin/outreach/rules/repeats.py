"""Which waiting words of one person's two rows say the same, so that they are said once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CONTENT = "content"


@dataclass(frozen=True)
class Words:
    """One intent as far as it can be a repeat of another: what it is, for what, and the page."""

    intent_id: int
    kind: str
    purpose: str
    path: str


def find_repeats(waiting: Iterable[Words], known: Iterable[Words]) -> list[int]:
    """Return the waiting intents that lead to a page somebody was led to by a known one.

    Only contents: what a person wrote is never taken for a repeat, and cards are one a slot.
    """
    said = {(one.purpose, one.path) for one in known if one.kind == CONTENT and one.path}
    repeats = []
    for one in waiting:
        if one.kind != CONTENT or not one.path:
            continue
        if (one.purpose, one.path) in said:
            repeats.append(one.intent_id)
        said.add((one.purpose, one.path))
    return repeats
