"""Start several processes, keep them up, stop them together. Used by `serve` and `demo`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

CHECK_SECONDS = 0.5
STOP_SECONDS = 15
RESTART_PAUSE_SECONDS = 1.0


@dataclass
class Process:
    """One child: its command, its log file, and what is running now."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0


def web_command(port: int, static_root: str, *, host: str = "127.0.0.1") -> list[str]:
    """Return the command of the pages: WSGI, static files served beside it."""
    return [
        *granian("wsgi", host, port),
        *("--blocking-threads", "16", "--static-path-route", "/static"),
        *("--static-path-mount", static_root, "lianxin.wsgi:application"),
    ]


def edge_command(port: int, *, host: str = "127.0.0.1") -> list[str]:
    """Return the command of the edge: callbacks and live updates over HTTP/1.

    Two processes share the port: verifying and opening fills a core, committing the other.
    """
    return [
        *granian("rsgi", host, port),
        *("--workers", "2", "--loop", "uvloop", "--http", "1", "--no-ws"),
        "lianxin.edge:application",
    ]


def granian(interface: str, host: str, port: int) -> list[str]:
    base = [sys.executable, "-m", "granian", "--interface", interface]
    return [*base, "--host", host, "--port", str(port), "--workers-kill-timeout", "5s"]


def worker_command(*queues: str, concurrency: int = 4) -> list[str]:
    names = ["--queues", ",".join(queues)] if queues else []
    return [sys.executable, "-m", "lianxin", "worker", "--concurrency", str(concurrency), *names]


class Supervisor:
    """Runs processes until it is told to stop; a child that dies is started again."""

    def __init__(self, processes: Sequence[Process], log_dir: Path) -> None:
        self.processes = list(processes)
        self.log_dir = log_dir
        self.is_stopping = False

    def start_named(self, name: str) -> None:
        for process in self.processes:
            if process.name == name:
                self.start_one(process)

    def start_rest(self) -> None:
        """Start all that is not running yet."""
        for process in self.processes:
            if process.running is None:
                self.start_one(process)

    def start_one(self, process: Process) -> None:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        with (self.log_dir / f"{process.name}.log").open("ab") as log:
            process.running = subprocess.Popen(  # noqa: S603 - our own commands
                list(process.command),
                env=os.environ | process.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.started_at = time.monotonic()

    def watch(self, check: Callable[[], None] | None = None) -> None:
        """Block until SIGINT or SIGTERM; restart what dies; run `check` each round."""
        signal.signal(signal.SIGTERM, self.ask_to_stop)
        signal.signal(signal.SIGINT, self.ask_to_stop)
        while not self.is_stopping:
            self.restart_dead()
            if check:
                check()
            time.sleep(CHECK_SECONDS)

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.is_stopping = True

    def restart_dead(self) -> None:
        for process in self.processes:
            is_dead = process.running is not None and process.running.poll() is not None
            if is_dead and time.monotonic() - process.started_at > RESTART_PAUSE_SECONDS:
                self.start_one(process)

    def stop(self) -> None:
        """Ask all to end, then make them. Children started their own sessions: kill those."""
        for process in self.processes:
            signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes:
            if process.running:
                try:
                    process.running.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    signal_group(process, signal.SIGKILL)


def signal_group(process: Process, number: int) -> None:
    if process.running and process.running.poll() is None:
        os.killpg(process.running.pid, number)


def wait_until_up(url: str, seconds: float) -> None:
    """Wait for any HTTP answer below 500; raise when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urlopen(url, timeout=2):  # noqa: S310 - our own loopback address
                return
        except (URLError, OSError) as error:
            status = getattr(error, "code", 0)
            if status and status < 500:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} did not come up in {seconds:.0f} s") from error
            time.sleep(0.1)
