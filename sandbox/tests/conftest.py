"""A sandbox process on a free port, and a product that only listens."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.tests.product import CORP, KEY, KF, MINI, OFFICIAL, TOKEN, Product, Receiver

ROOT = Path(__file__).parents[2]


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_process(port: int, data_dir: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--data-dir", str(data_dir)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).text == "ok":
                return process
        except httpx.HTTPError:
            threading.Event().wait(0.05)
    process.kill()
    raise AssertionError("the sandbox did not start")


def stop_process(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = find_free_port()
    process = start_process(port, tmp_path_factory.mktemp("sandbox"))
    yield f"http://127.0.0.1:{port}"
    stop_process(process)


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def product(origin: str, receiver: Receiver) -> Iterator[Product]:
    """Set up Riverside: Dr Li and nurse Zhou, one app, one KF account, one Official Account."""
    with httpx.Client(base_url=origin, trust_env=False, timeout=15) as client:
        product = Product(client, receiver)
        product.post("/control/reset", {"all": True})
        receiver.begin_test()
        # A machine that stands still for some seconds makes no second try.
        product.put("/control/settings", {"callback_timeout_seconds": 60})
        callback = {"url": receiver.url("wecom"), "token": TOKEN, "encoding_aes_key": KEY}
        members = [
            {"userid": "lijianguo", "name": "李建国"},
            {"userid": "ZhouMin", "name": "周敏"},
        ]
        corp = {
            "name": "河畔医院",
            "apps": [
                {"agent_id": "1000002", "secret": "s1"},
                {"agent_id": "1000003", "secret": "s2", "rights": ["message"]},
            ],
            "members": members,
            "callback": callback,
            "kf_callback": callback | {"url": receiver.url("kf")},
        }
        product.put(f"/control/corps/{CORP}", corp)
        kf = {"corp_id": CORP, "name": "河畔医院客服", "servicers": ["ZhouMin"]}
        product.put(f"/control/kf-accounts/{KF}", kf)
        official = {
            "original_id": "gh_riverside",
            "name": "河畔医院",
            "secret": "os",
            "token": TOKEN,
            "encoding_aes_key": KEY,
            "mode": "safe",
            "callback_url": receiver.url("oa"),
            "templates": [{"template_id": "T1", "title": "提醒", "content": "您有{{n.DATA}}"}],
        }
        product.put(f"/control/official-accounts/{OFFICIAL}", official)
        mini = {
            "original_id": "gh_mini",
            "name": "河畔随访",
            "secret": "ms",
            "token": TOKEN,
            "encoding_aes_key": KEY,
            "callback_url": receiver.url("mini"),
            "home_url": receiver.url("home"),
            "templates": [
                {"template_id": "M1", "title": "复诊提醒", "content": "{{thing1.DATA}}"},
                {"template_id": "M2", "title": "用药提醒", "content": "{{time2.DATA}}"},
            ],
        }
        product.put(f"/control/mini-programs/{MINI}", mini)
        person = {"name": "张桂兰", "age": 68, "phone": "13800000001", "union_id": "ozhang"}
        product.put("/control/persons/zhang", person)
        product.put("/control/persons/chen", {"name": "陈国强", "age": 45})
        yield product
