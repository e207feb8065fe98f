"""Real processes for tests: the sandbox that plays the providers, and the product's edge."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lianxin.supervise import edge_command

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], origin: str, environment: dict[str, str] | None = None
) -> Iterator[str]:
    """Run a server until the block ends; gives its origin once /healthz answers."""
    process = subprocess.Popen(
        list(command),
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_healthy(origin)
        yield origin
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_healthy(origin: str) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        try:
            if httpx.get(f"{origin}/healthz", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            threading.Event().wait(0.05)
    raise AssertionError(f"{origin} did not start")


@dataclass
class Sandbox:
    """The providers, and the hands of the people who use them."""

    client: httpx.Client
    origin: str

    @property
    def wecom_url(self) -> str:
        return f"{self.origin}/wecom"

    @property
    def official_url(self) -> str:
        return f"{self.origin}/official"

    @property
    def mini_url(self) -> str:
        return f"{self.origin}/mini"

    @property
    def sms_url(self) -> str:
        return f"{self.origin}/sms"

    @property
    def voice_url(self) -> str:
        return f"{self.origin}/voice"

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.answer("PUT", path, body)

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.answer("POST", path, body or {})

    def state(self) -> dict[str, Any]:
        return self.answer("GET", "/control/state", None)

    def answer(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        response = self.client.request(method, path, json=body)
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise AssertionError(f"{method} {path}: {response.status_code} {response.text[:300]}")
        found: dict[str, Any] = response.json()
        return found

    def person_does(self, person: str, verb: str, **body: Any) -> dict[str, Any]:
        return self.post(f"/control/persons/{person}/{verb}", body)

    def at_call(self, call_id: str, verb: str, **body: Any) -> dict[str, Any]:
        """Let whoever holds the telephone that rings do something."""
        return self.post(f"/control/calls/{call_id}/{verb}", body)

    def add_fault(self, kind: str, *, path: str = "*", count: int | None = 1) -> None:
        self.post("/control/faults", {"kind": kind, "path": path, "count": count})

    def external_id(self, person: str, corp_id: str) -> str:
        ids = self.answer("GET", f"/control/ids/{person}", None)
        return str(ids["external_user_ids"][corp_id])

    def open_id(self, person: str, app_id: str) -> str:
        ids = self.answer("GET", f"/control/ids/{person}", None)
        return str(ids["open_ids"][app_id])


@contextmanager
def sandbox_process(data_dir: Path) -> Iterator[Sandbox]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--data-dir", str(data_dir)]
    with (
        running(command, origin),
        httpx.Client(base_url=origin, trust_env=False, timeout=25) as client,
    ):
        yield Sandbox(client, origin)


@contextmanager
def edge_process(database_url: str) -> Iterator[str]:
    """Run the edge against a test database; gives its origin."""
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "LIANXIN_LISTEN_DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "lianxin.settings",
        "LIANXIN_LOG_LEVEL": "WARNING",
    }
    with running(edge_command(port), f"http://127.0.0.1:{port}", environment) as origin:
        yield origin
