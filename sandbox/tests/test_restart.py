from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from sandbox.tests.conftest import find_free_port, start_process, stop_process


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    port = find_free_port()
    origin = f"http://127.0.0.1:{port}"
    process = start_process(port, tmp_path)
    with httpx.Client(base_url=origin, trust_env=False) as client:
        corp = {"apps": [{"agent_id": 1, "secret": "s"}], "members": [{"userid": "li"}]}
        client.put("/control/corps/ww1", json=corp)
        client.put("/control/persons/zhang", json={"name": "张桂兰"})
        relation = {"corp_id": "ww1", "userid": "li", "person": "zhang"}
        client.post("/control/seed", json={"relations": [relation]})
        before = client.get("/control/state").json()
        stop_process(process)

        process = start_process(port, tmp_path)
        after = client.get("/control/state").json()
        stop_process(process)

    for name in ("persons", "corps", "settings"):
        assert after[name] == before[name]


def test_the_clock_file_is_the_clock(tmp_path: Path) -> None:
    port = find_free_port()
    process = start_process(port, tmp_path)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        client.post("/control/clock", json={"add_seconds": 3600})
        assert (tmp_path / "clock.json").read_text() == '{"offset_seconds": 3600}'

        (tmp_path / "clock.json").write_text('{"offset_seconds": 60}')
        assert client.get("/control/clock").json()["offset_seconds"] == 60
    stop_process(process)


def test_a_waiting_phone_does_not_hold_the_process_back(tmp_path: Path) -> None:
    port = find_free_port()
    process = start_process(port, tmp_path)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
        version = client.get("/phone/data").json()["version"]
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.get, "/phone/data", params={"since": version})
            began = time.monotonic()
            stop_process(process)
            assert time.monotonic() - began < 5
            assert isinstance(waiting.exception(timeout=5), httpx.HTTPError | None)
