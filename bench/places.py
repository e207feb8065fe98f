"""Where a benchmark's data lives, and the processes with Django that do its work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lianxin.core import embedded
from lianxin.core.keysets import make_keyset_text

ROOT = Path(__file__).resolve().parent.parent


def place() -> str | None:
    """Keep the data where the embedded server may be as root: never below a home."""
    return "/var/lib" if os.geteuid() == 0 else None


def prepare(folder: Path) -> tuple[dict[str, str], str]:
    """Make a fresh, migrated database: the environment of its processes, and the owner's URL."""
    keyset = folder / "keyset.json"
    keyset.write_text(make_keyset_text(), encoding="utf-8")
    urls = embedded.prepare(folder)
    environment = os.environ | {
        "LIANXIN_KEYSET": str(keyset),
        "LIANXIN_SECRET_KEY": "only-for-this-benchmark",
        "DATABASE_URL": urls.app,
        "LIANXIN_OWNER_DATABASE_URL": urls.owner,
        "LIANXIN_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "lianxin", "migrate"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return environment, urls.owner


def ask(module: str, environment: dict[str, str], *arguments: object) -> dict[str, Any]:
    """Run one side in a process of its own and return what it printed last."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} {arguments[0]} failed; what it said is above")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def ask_together(module: str, environment: dict[str, str], count: int, *arguments: object) -> float:
    """Let several start together once all are ready; return the seconds until all are done."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    pipe = subprocess.PIPE
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)
        for _ in range(count)
    ]
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    codes = [worker.wait() for worker in workers]
    seconds = time.perf_counter() - began
    if any(codes):
        raise RuntimeError(f"a worker of {module} failed: {codes}")
    return seconds


def wait_for_start() -> None:
    """Say that this side is ready, and wait until all are."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def answer(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
