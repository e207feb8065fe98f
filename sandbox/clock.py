"""The one controllable clock, shared with the product through a small file."""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

# WeCom counts days and months in Beijing time.
BEIJING = timezone(timedelta(hours=8))


def write_atomically(path: Path, text: str) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(path)


class Clock:
    """System time plus the offset in the file; re-reads the file when it changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._offset = 0.0

    @property
    def offset(self) -> float:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return 0.0
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._seen:
            self._offset = self._read()
            self._seen = stamp
        return self._offset

    def _read(self) -> float:
        try:
            return float(json.loads(self.path.read_text("utf-8"))["offset_seconds"])
        except (ValueError, KeyError, TypeError):
            return self._offset

    def now(self) -> float:
        return time.time() + self.offset

    def second(self) -> int:
        return int(self.now())

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.now(), BEIJING)

    def set_offset(self, seconds: float) -> None:
        whole = round(seconds)
        write_atomically(self.path, json.dumps({"offset_seconds": whole}))
        self._seen = None

    def advance(self, seconds: float) -> None:
        self.set_offset(self.offset + seconds)
