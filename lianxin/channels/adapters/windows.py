"""How often each path of an account was called, and when a refused one is open again.

The counts of one process, on top of what the others have told the database. Providers do not say
whether their windows are fixed or sliding; ours begin with the minute, the hour and the day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lianxin.channels.adapters.reactions import PROVIDER_ZONE, Limit, find_limit

MINUTE, HOUR, DAY, MONTH = "minute", "hour", "day", "month"
# The limits that close a path; a block lasts the unit of the limit that was passed.
CLOSING = (MINUTE, HOUR, DAY)


@dataclass(frozen=True)
class Use:
    """The calls of one path in one window, and until when the provider refuses it."""

    path: str
    window: str
    ends_at: datetime
    used: int = 0
    blocked_until: datetime | None = None


def midnight_after(now: datetime) -> datetime:
    here = now.astimezone(PROVIDER_ZONE)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1)).astimezone(now.tzinfo)


def end_of_block(window: str, now: datetime) -> datetime:
    """Return when a refused path opens again: a block lasts the unit of its limit."""
    if window == DAY:
        return midnight_after(now)
    return now + (timedelta(hours=1) if window == HOUR else timedelta(minutes=1))


def end_of_count(window: str, now: datetime) -> datetime:
    """Return when the window that `now` is in ends."""
    if window == MINUTE:
        return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if window == HOUR:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if window == DAY:
        return midnight_after(now)
    first = now.astimezone(PROVIDER_ZONE).replace(day=1) + timedelta(days=32)
    midnight = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(now.tzinfo)


def counted_windows(limit: Limit) -> dict[str, int]:
    """Return the windows in which a path is counted, each with its limit; 0: none is known."""
    found = {MINUTE: limit.minute, HOUR: limit.hour, DAY: limit.day, MONTH: limit.month}
    return {window: most for window, most in found.items() if most or window == DAY}


def window_of_block(
    usual: str,
    used: Iterable[tuple[str, int, int]],
    last: Use | None,
    now: datetime,
    *,
    has_passed: bool = False,
) -> str:
    """Say which limit a refusal means: `used` is (window, calls, limit), the shortest first.

    The shortest of which we have used half ourselves: others may call beside us. Else what the
    error usually means, never shorter than the shortest limit that the path has; but where nothing
    has passed since a block that ended within its own unit, it was the next longer limit all
    along, as far as the path has one.
    """
    known = list(used)
    for window, calls, most in known:
        if most and calls * 2 >= most:
            return window
    shortest = next((window for window, _calls, most in known if most), usual)
    usual = max(usual, shortest, key=CLOSING.index)
    if last is None or last.blocked_until is None or has_passed:
        return usual
    if now > last.blocked_until + (end_of_block(last.window, now) - now):
        return usual
    limited = {window for window, _calls, most in known if most} | {usual}
    longer = CLOSING[CLOSING.index(last.window) + 1 :]
    return next((window for window in longer if window in limited), last.window)


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two ends of blocks; none is no block."""
    return max((end for end in (one, other) if end is not None), default=None)


class CallWindows:
    """Counts the calls per account and path, and remembers blocks."""

    def __init__(self) -> None:
        # What the database has told, and what it has not heard yet.
        self.told: dict[tuple[int, str, str], Use] = {}
        self.untold: dict[tuple[int, str, str], Use] = {}
        # When a path last took a call, as far as this process knows.
        self.passed_at: dict[tuple[int, str], datetime] = {}

    def clear(self) -> None:
        self.told.clear()
        self.untold.clear()
        self.passed_at.clear()

    def pass_through(self, account_id: int, path: str, now: datetime) -> None:
        """Remember that the provider took a call."""
        self.passed_at[account_id, path] = now

    def enter(self, account_id: int, platform: str, path: str, now: datetime) -> datetime | None:
        """Count one call; returns None, or, uncounted, when the path is open again."""
        block = self.find_block(account_id, path)
        if block is not None and block.blocked_until and now < block.blocked_until:
            return block.blocked_until
        windows = counted_windows(find_limit(platform, path))
        for window, most in windows.items():
            if most and self.count(account_id, path, window, now) >= most:
                return end_of_count(window, now)
        for window in windows:
            self.add(account_id, path, window, now)
        return None

    def count(self, account_id: int, path: str, window: str, now: datetime) -> int:
        """Return the calls in the window of now, as far as this process knows."""
        key, ends_at = (account_id, path, window), end_of_count(window, now)
        rows = (self.told.get(key), self.untold.get(key))
        return sum(row.used for row in rows if row is not None and row.ends_at == ends_at)

    def add(self, account_id: int, path: str, window: str, now: datetime) -> None:
        key, ends_at = (account_id, path, window), end_of_count(window, now)
        row = self.untold.get(key)
        if row is None or row.ends_at != ends_at:
            row = Use(path, window, ends_at, blocked_until=row.blocked_until if row else None)
        self.untold[key] = replace(row, used=row.used + 1)

    def find_block(self, account_id: int, path: str) -> Use | None:
        """Return the block of a path that ends last, whether it has ended or not."""
        keys = [(account_id, path, window) for window in CLOSING]
        rows = [row for key in keys for row in (self.told.get(key), self.untold.get(key))]
        blocks = [(row.blocked_until, row) for row in rows if row and row.blocked_until]
        return max(blocks, key=lambda block: block[0])[1] if blocks else None

    def block(
        self, account_id: int, platform: str, path: str, usual: str, now: datetime
    ) -> datetime:
        """Remember a refusal; returns when the path is open again."""
        windows = counted_windows(find_limit(platform, path)).items()
        used = [(name, self.count(account_id, path, name, now), most) for name, most in windows]
        last, passed_at = self.find_block(account_id, path), self.passed_at.get((account_id, path))
        ended_at = last.blocked_until if last else None
        window = window_of_block(
            usual,
            [one for one in used if one[0] in CLOSING],
            last,
            now,
            has_passed=bool(passed_at and ended_at and passed_at >= ended_at),
        )
        until = end_of_block(window, now)
        key = (account_id, path, window)
        row = self.untold.get(key) or Use(path, window, end_of_count(window, now))
        self.untold[key] = replace(row, blocked_until=until)
        return until

    def take_untold(self, account_id: int) -> list[Use]:
        """Return what the database is to hear, and forget it; in one order in all processes."""
        keys = sorted(key for key in self.untold if key[0] == account_id)
        rows = [self.untold.pop(key) for key in keys]
        for key, row in zip(keys, rows, strict=True):
            if row.blocked_until is not None:
                # A block holds here also while the database is told.
                known = self.told.get(key) or replace(row, used=0)
                until = later(known.blocked_until, row.blocked_until)
                self.told[key] = replace(known, blocked_until=until)
        return rows

    def put_back(self, account_id: int, rows: Iterable[Use]) -> None:
        """Keep what could not be told, and count on."""
        for row in rows:
            key = (account_id, row.path, row.window)
            newer = self.untold.get(key)
            if newer is None:
                self.untold[key] = row
                continue
            used = newer.used + (row.used if newer.ends_at == row.ends_at else 0)
            until = later(newer.blocked_until, row.blocked_until)
            self.untold[key] = replace(newer, used=used, blocked_until=until)

    def learn(self, account_id: int, rows: Iterable[Use]) -> None:
        """Take over what all processes together have used."""
        for row in rows:
            key = (account_id, row.path, row.window)
            known = self.told.get(key)
            until = later(row.blocked_until, known.blocked_until if known else None)
            # Read before a refusal came: no block ends because of it.
            self.told[key] = replace(row, blocked_until=until)
