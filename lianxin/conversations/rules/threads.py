"""How a thread stands: who must answer, how soon, and where it comes in the list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Tone = Literal["", "soon", "late"]
PREVIEW_CHARACTERS = 60
# Long runs of digits identify people: telephone, identity and inpatient numbers.
NUMBER = re.compile(r"(?<!\d)(\d{3})\d{4,11}(\d{3}[\dXx])(?!\d)")
BLANKS = re.compile(r"\s+")

EMERGENCY, URGENT, WAITING, QUIET, CLOSED = 0, 1, 2, 3, 4


def attention(urgency: str, *, is_waiting: bool, is_open: bool) -> int:
    """Return the place in the list: danger first, then who waits, then the rest."""
    if not is_open:
        return CLOSED
    if not is_waiting:
        return QUIET
    return {"emergency": EMERGENCY, "urgent": URGENT}.get(urgency, WAITING)


@dataclass(frozen=True)
class Due:
    """Time left before the answer is due, or how late it is."""

    tone: Tone
    left: timedelta

    @property
    def is_late(self) -> bool:
        return self.tone == "late"


def due_state(due_at: datetime | None, now: datetime) -> Due | None:
    if due_at is None:
        return None
    left = due_at - now
    if left < timedelta():
        return Due("late", -left)
    return Due("soon" if left <= timedelta(minutes=10) else "", left)


def mask_numbers(text: str) -> str:
    """Hide the middle of long numbers: a list is read over shoulders."""
    return NUMBER.sub(r"\1****\2", text)


def preview(text: str) -> str:
    """Return one masked line of a message for a list."""
    line = BLANKS.sub(" ", text).strip()
    cut = line[:PREVIEW_CHARACTERS]
    return mask_numbers(cut) + ("…" if len(line) > PREVIEW_CHARACTERS else "")
