"""Kill -9 one kind of process of the running product, and look into what it left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, LiteralString

import psutil
import psycopg

from tests.running import Product

WORKER, EDGE, WEB, DATABASE = "lianxin worker", "lianxin.edge", "lianxin.wsgi", "database"
VICTIMS = (WORKER, EDGE, WEB, DATABASE)


def kill(product: Product, victim: str) -> int:
    """Kill all of this kind with their children; the supervisor starts them again."""
    if victim == DATABASE:
        return kill_database(product)
    return sum(
        kill_one(process, victim)
        for process in psutil.Process(product.process.pid).children(recursive=True)
    )


def kill_database(product: Product) -> int:
    # On its way up there may be no file yet, or one that names a process of the past.
    with suppress(FileNotFoundError, ProcessLookupError):
        text = (product.data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
        os.kill(int(text.split()[0]), signal.SIGKILL)
        return 1
    return 0


def kill_one(process: psutil.Process, victim: str) -> bool:
    # A process may end, or wait to be reaped, between the list and the look at it.
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        if victim in " ".join(process.cmdline()):
            process.send_signal(signal.SIGKILL)
            return True
    return False


def connect(product: Product) -> psycopg.Connection[tuple[Any, ...]]:
    """Reach the product's database as its owner, who sees every hospital."""
    return psycopg.connect(str(product.summary["owner_database_url"]))


def ask(
    product: Product, question: LiteralString, values: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    with connect(product) as connection:
        return connection.execute(question, values).fetchall()
