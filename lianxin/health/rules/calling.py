"""Who is rung about a red alert that nobody has taken: pure, over what has been rung so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Calling:
    """When it rings, from the hospital's reviewed row."""

    after_minutes: Mapping[str, int]
    again_after_minutes: int
    rounds: int
    # A key may be told of after the end of the call it was pressed in.
    key_wait_seconds: int

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Calling:
        return cls(**body)

    def starts_at(self, level: str, opened_at: datetime) -> datetime | None:
        """Say from when on it rings; None for levels that never do."""
        minutes = self.after_minutes.get(level)
        return None if minutes is None else opened_at + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Placed:
    """One call of this alert since it was opened."""

    staff_id: int
    at: datetime
    ended_at: datetime | None = None
    is_answered: bool = False

    def holds(self, calling: Calling, now: datetime) -> bool:
        """Tell whether this call still keeps the next one back."""
        if self.ended_at is None:
            return True
        wait = timedelta(seconds=calling.key_wait_seconds if self.is_answered else 0)
        return now < self.ended_at + wait


def whom_to_call(
    calling: Calling,
    placed: Sequence[Placed],
    line: Sequence[int],
    *,
    level: str,
    opened_at: datetime,
    now: datetime,
) -> int | None:
    """Name the next person to ring, None while nobody is to be rung now.

    One call at a time; everybody on the line once, then after a pause again from the first.
    """
    starts_at = calling.starts_at(level, opened_at)
    if starts_at is None or now < starts_at or any(call.holds(calling, now) for call in placed):
        return None
    counts = Counter(call.staff_id for call in placed)
    fewest = min((counts[staff_id] for staff_id in line), default=calling.rounds)
    if fewest >= calling.rounds:
        return None
    last = max((call.at for call in placed), default=None)
    pause = timedelta(minutes=calling.again_after_minutes)
    is_new_round = fewest > 0 and len({counts[staff_id] for staff_id in line}) == 1
    if is_new_round and last is not None and now - last < pause:
        return None
    return next(staff_id for staff_id in line if counts[staff_id] == fewest)
