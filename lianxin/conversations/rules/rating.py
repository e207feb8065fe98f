"""When a patient may be asked how a talk was, and what her answer says."""

from __future__ import annotations

import re
from dataclasses import dataclass

LOWEST, HIGHEST = 1, 5
# What an item of the menu is called: the question it answers, and the score.
PRESSED = re.compile(r"message:([0-9a-z]{1,20}):([1-5])")


@dataclass(frozen=True)
class Talk:
    """What is known of a talk that has just ended."""

    is_asked: bool = False
    has_answer: bool = True
    is_in_danger: bool = False
    has_red_alert: bool = False


def find_objection(talk: Talk) -> str:
    """Return why this talk is not asked about; empty when it may be.

    Somebody in danger, or whom nobody has answered, is not asked how it was.
    """
    objections = (
        ("in_danger", talk.is_in_danger),
        ("red_alert", talk.has_red_alert),
        ("no_answer", not talk.has_answer),
        ("asked_before", talk.is_asked),
    )
    return next((code for code, holds in objections if holds), "")


def read_press(menu_id: str) -> tuple[str, int] | None:
    """Return the key of the question and the score; None for an item of anything else."""
    found = PRESSED.fullmatch(menu_id)
    return (found[1], int(found[2])) if found else None
