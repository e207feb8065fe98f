"""What happened, in order: calls, callbacks and human acts, plain and encrypted side by side."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock

Json = dict[str, Any]
KEPT = 600
LONGEST = 6000


@dataclass
class LogEntry:
    """One line: `name` is what the page translates, `plain` and `cipher` what it unfolds."""

    id: int
    at: float
    kind: str  # call, callback, act
    name: str
    account: str = ""
    outcome: str = ""  # ok, error, waiting, dropped, held, failed
    code: int | None = None
    ms: float | None = None
    cipher: str = ""
    plain: str = ""
    params: Json = field(default_factory=dict)


class EventLog:
    """The last lines, and a pulse for whoever watches."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.entries: deque[LogEntry] = deque(maxlen=KEPT)
        self.version = 0
        self._last_id = 0
        self._changed = asyncio.Event()
        self._is_closed = False

    def close(self) -> None:
        """Let nobody wait any more: the process is about to end."""
        self._is_closed = True
        self._changed.set()

    def add(self, kind: str, name: str, **more: Any) -> LogEntry:
        self._last_id += 1
        entry = LogEntry(self._last_id, self.clock.now(), kind, name, **more)
        entry.plain, entry.cipher = entry.plain[:LONGEST], entry.cipher[:LONGEST]
        self.entries.append(entry)
        self.touch()
        return entry

    def touch(self) -> None:
        """Say that something the page shows is different now."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, version: int, seconds: float) -> int:
        if self.version == version and not self._is_closed:
            try:
                await asyncio.wait_for(self._changed.wait(), seconds)
            except TimeoutError:
                return self.version
        return self.version

    def list_after(self, entry_id: int) -> list[Json]:
        return [vars(entry) for entry in self.entries if entry.id > entry_id]

    def clear(self) -> None:
        self.entries.clear()
        self.touch()
