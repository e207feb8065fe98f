"""Decisions about contacts on their way from one member to another: values only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

PLANNED, WAITING, DONE = "planned", "waiting", "done"
TRANSFER_REFUSED, FULL, FAILED = "refused", "full", "failed"
# transfer_result, documents 94085 and 94088.
RESULTS = {1: DONE, 2: WAITING, 3: TRANSFER_REFUSED, 4: FULL}


class Answer(NamedTuple):
    """What the provider's error table says about one contact of a call."""

    is_ok: bool
    is_temporary: bool
    reason: str


class Step(NamedTuple):
    """Where a transfer stands now, why, and when to look again; None: it is settled."""

    state: str
    reason: str
    due_at: datetime | None


class Times(NamedTuple):
    """How long the provider lets the contact think, how often we ask, when we give up."""

    decides: timedelta
    again: timedelta
    gives_up: timedelta


def read_asked(answer: Answer, now: datetime, times: Times, *, was_asked: bool) -> Step:
    """Decide what an answer to the asking means.

    What was asked for before without a known outcome may have begun, or be over: that is for
    the results to say.
    """
    if answer.is_ok:
        return Step(WAITING, "", now + times.decides)
    if answer.is_temporary:
        return Step(PLANNED, answer.reason, now + times.again)
    if was_asked:
        return Step(WAITING, "", now)
    return Step(FAILED, answer.reason, None)


def read_result(status: int | None, now: datetime, asked_at: datetime, times: Times) -> Step:
    """Decide what the provider's result means; None: it lists no such transfer."""
    state = RESULTS.get(status or 0)
    if state is not None and state != WAITING:
        return Step(state, "", None)
    if now >= asked_at + times.gives_up:
        return Step(FAILED, "transfer_unknown", None)
    if state == WAITING:
        return Step(WAITING, "", max(asked_at + times.decides, now + times.again))
    return Step(WAITING, "", now + times.again)
