"""Run the whole product for a test, just as a stranger would: `lianxin demo`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx

from lianxin.testing.database import test_dir

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 150.0
T = TypeVar("T")


@dataclass
class Product:
    """A running demo: its addresses and the sandbox's control API."""

    data_dir: Path
    summary: dict[str, Any]
    process: subprocess.Popen[bytes]

    @property
    def console(self) -> str:
        return str(self.summary["console"]).rstrip("/")

    @property
    def sandbox(self) -> str:
        return str(self.summary["sandbox"]).rstrip("/")

    @property
    def password(self) -> str:
        return str(self.summary["users"][0]["password"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.sandbox}/control/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def act(self, person: str, verb: str, **body: Any) -> Any:
        return self.control("POST", f"persons/{person}/{verb}", body)

    def member(self, corp: str, userid: str, verb: str, **body: Any) -> Any:
        return self.control("POST", f"corps/{corp}/members/{userid}/{verb}", body)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "state")
        return found

    def local_time(self) -> datetime:
        """Return the time of the one clock, as the demo's hospitals read it."""
        now = self.control("GET", "clock")["now"]
        return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo("Asia/Shanghai"))

    def go_to(self, hour: int, minute: int) -> None:
        """Move the one clock on to this time of day."""
        now = self.local_time()
        wait = now.replace(hour=hour, minute=minute, second=0) - now
        self.pass_time(wait.total_seconds() % 86_400)

    def pass_time(self, seconds: float) -> None:
        self.control("POST", "clock", {"add_seconds": seconds})


def free_port() -> int:
    """Find three neighbouring ports that nobody uses."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 60000 and all(is_free(port + n) for n in range(3)):
            return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def running_product(name: str, *, patients: int = 12) -> Iterator[Product]:
    """Start a demo in a folder of its own and stop everything afterwards."""
    data_dir = test_dir() / f"{name}-{os.getpid()}"
    port = free_port()
    command = [sys.executable, "-m", "lianxin", "demo", "--data-dir", str(data_dir)]
    command += ["--port", str(port), "--patients", str(patients)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LIANXIN_", "DJANGO"))}
    environment.pop("DATABASE_URL", None)
    data_dir.mkdir(parents=True)
    with (data_dir / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        summary = wait_for(lambda: read_summary(data_dir, process), "the demo", START_SECONDS)
        product = Product(data_dir, summary, process)
        wait_for(lambda: is_up(f"{product.console}/healthz"), "the console", START_SECONDS)
        yield product
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(data_dir, ignore_errors=True)


def read_summary(data_dir: Path, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    log = (data_dir / "demo.log").read_text(encoding="utf-8")
    if process.poll() is not None:
        raise AssertionError(f"the demo ended:\n{log[-4000:]}")
    if "/ ready" not in log:
        return None
    found: dict[str, Any] = json.loads((data_dir / "demo.json").read_text(encoding="utf-8"))
    return found


def is_up(url: str) -> bool | None:
    try:
        return httpx.get(url, timeout=2).status_code == 200 or None
    except httpx.HTTPError:
        return None


def wait_for(check: Callable[[], T | None], what: str, seconds: float = 30.0) -> T:
    """Ask again and again until the answer is something; fail in words when it never is."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.1)  # an interval between questions, not a wait for something
