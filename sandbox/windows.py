"""Rate windows per account and path: over the limit, blocked for the rest of the same unit."""

from __future__ import annotations

from sandbox.clock import Clock

MINUTE, HOUR = 60, 3600


class Windows:
    """Counts calls in fixed windows of the clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._counts: dict[tuple[str, int], tuple[int, int]] = {}
        self._blocked: dict[tuple[str, int], float] = {}

    def is_over(self, key: str, limit: int, unit: int) -> bool:
        """Count one call; True when it is over the limit or the block still lasts."""
        now = self.clock.now()
        place = (key, unit)
        if self._blocked.get(place, 0) > now:
            return True
        window = int(now // unit)
        began, count = self._counts.get(place, (window, 0))
        count = count + 1 if began == window else 1
        self._counts[place] = (window, count)
        if count > limit:
            self._blocked[place] = now + unit
            return True
        return False

    def close(self, key: str, unit: int) -> None:
        """Refuse from now on for one unit, whatever was counted."""
        self._blocked[key, unit] = self.clock.now() + unit

    def is_closed(self, key: str, unit: int) -> bool:
        return self._blocked.get((key, unit), 0) > self.clock.now()

    def clear(self) -> None:
        self._counts.clear()
        self._blocked.clear()
