"""Run one of the product's own servers for a benchmark, as `demo` and `serve` do."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def served(
    make_command: Callable[[int], Sequence[str]], environment: dict[str, str]
) -> Iterator[int]:
    """Start the command with a free port and yield the port once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        make_command(port), cwd=ROOT, env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        wait_until_up(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_up(port: int) -> None:
    for _attempt in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not come up")


@contextmanager
def sandbox_served(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Start an empty sandbox and yield its origin."""
    folder.mkdir(exist_ok=True)
    made = [sys.executable, "-m", "sandbox", "--data-dir", str(folder), "--port"]
    with served(lambda port: [*made, str(port)], environment) as port:
        yield f"http://127.0.0.1:{port}"
