"""Processes of the running product are killed again and again while patients arrive."""

from __future__ import annotations

import itertools
import os
import signal
from contextlib import suppress
from typing import Any

import psutil
import psycopg
import pytest

from tests.running import Product, is_up, running_product, wait_for

VICTIMS = ("lianxin worker", "lianxin.edge", "lianxin.wsgi", "database")
PEOPLE = 24
pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]


def kill(product: Product, victim: str) -> int:
    """Kill -9 one kind of process with its children; the supervisor starts it again."""
    if victim == "database":
        text = (product.data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
        os.kill(int(text.split()[0]), signal.SIGKILL)
        return 1
    return sum(
        kill_one(process, victim)
        for process in psutil.Process(product.process.pid).children(recursive=True)
    )


def kill_one(process: psutil.Process, victim: str) -> bool:
    # A process may end, or wait to be reaped, between the list and the look at it.
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        if victim in " ".join(process.cmdline()):
            process.send_signal(signal.SIGKILL)
            return True
    return False


def scan(product: Product, number: int) -> str:
    person = f"crash-{number}"
    body = {"name": f"演示{number}", "age": 50, "phone": "", "union_id": f"u-{person}"}
    product.control("PUT", f"persons/{person}", body)
    answer: dict[str, Any] = product.act(person, "scan", code="riverside-discharge")
    return str(answer["external_userid"])


def count_holders(url: str, external_ids: list[str]) -> dict[str, int]:
    """Count the people known behind each address."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select external_id, count(*) from channels_address a"
            " join patients_holderaddress h on h.address_id = a.id"
            " where external_id = any(%s) group by 1",
            [external_ids],
        )
        return {str(external_id): int(count) for external_id, count in rows}


def welcomes_of(product: Product, number: int) -> int:
    inbox = product.state()["persons"][f"crash-{number}"]["inbox"]
    return sum(1 for line in inbox if line["via"] == "welcome" and line["kind"] == "text")


def acknowledged(product: Product, external_ids: list[str]) -> set[str]:
    """Return the people whose callback was answered with 200: those must never be lost."""
    log = product.control("GET", "log")
    rows: list[dict[str, Any]] = log["log"] if isinstance(log, dict) else log
    return {
        external_id
        for row in rows
        if row["kind"] == "callback" and row["outcome"] == "ok"
        for external_id in external_ids
        if external_id in str(row["plain"])
    }


def test_nothing_acknowledged_is_lost_and_nothing_is_sent_twice() -> None:
    with running_product("crash", patients=4) as product:
        url = str(product.summary["owner_database_url"])
        external_ids: list[str] = []
        killed = 0
        for number, victim in zip(range(0, PEOPLE, 2), itertools.cycle(VICTIMS), strict=False):
            # One arrives in the very moment, one while the process is still away.
            external_ids.append(scan(product, number))
            killed += kill(product, victim)
            external_ids.append(scan(product, number + 1))
            wait_for(lambda: is_up(f"{product.console}/readyz"), f"{victim} again", 60)
        assert killed >= PEOPLE // 2
        product.control("POST", "settle", {})
        answered = acknowledged(product, external_ids)

        assert answered, "no callback was acknowledged, so nothing was tested"
        wait_for(lambda: has_all(url, external_ids, answered), "every acknowledged contact", 150)
        counts = count_holders(url, external_ids)
        assert set(counts.values()) == {1}
        assert max(welcomes_of(product, number) for number in range(PEOPLE)) == 1


def has_all(url: str, external_ids: list[str], answered: set[str]) -> bool:
    try:
        return answered <= set(count_holders(url, external_ids))
    except psycopg.OperationalError:
        return False  # the database is on its way up again
