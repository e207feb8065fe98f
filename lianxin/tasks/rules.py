"""Decisions about staff tasks: when one is due, which words close it, when trying ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

LOST = "lost"


@dataclass(frozen=True, slots=True)
class Kind:
    code: str
    word: str
    icon: str
    action: str


@dataclass(frozen=True, slots=True)
class TaskReason:
    code: str
    kind: str
    word: str
    advice: str
    due_hours: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One word that ends a try: it closes the task, or says when to try again."""

    code: str
    word: str
    closes: bool
    next_hours: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What a try does to its task."""

    closes: bool
    outcome: str
    next_due_at: datetime | None = None


def due_at(reason: TaskReason, now: datetime) -> datetime:
    return now + timedelta(hours=reason.due_hours)


def find_outcome(outcomes: Mapping[str, Outcome], code: str) -> Outcome | None:
    return outcomes.get(code)


def after_try(outcome: Outcome, attempt_count: int, max_attempts: int, now: datetime) -> Step:
    """Decide what comes after one more try; the last fruitless one closes the task as lost."""
    if outcome.closes:
        return Step(closes=True, outcome=outcome.code)
    if attempt_count + 1 >= max_attempts:
        return Step(closes=True, outcome=LOST)
    next_due_at = now + timedelta(hours=outcome.next_hours)
    return Step(closes=False, outcome=outcome.code, next_due_at=next_due_at)


def is_overdue(due: datetime, now: datetime) -> bool:
    return now > due
