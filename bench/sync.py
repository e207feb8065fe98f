"""Benchmark `sync`: the first full comparison of a corp's contacts, against reading the same pages.

`run(scale)` starts its own database and a sandbox that lists as many contacts. The baseline is a
bare httpx loop over all pages, in a process of its own, before and after; the product's side is one
process that claims the run, fetches, stores every page with its cursor and calls the run done. The
same comparison once more, when nothing changed, is told in the note, with the most memory taken.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import httpx

from bench.places import ask, place, prepare
from bench.serving import sandbox_served
from lianxin.core import embedded

GOAL = 0.6
MEMORY_GOAL_MB = 300
# scale -> contacts
SCALES = {"small": 5_000, "full": 100_000}
PER_MEMBER = 500
SEED_ROWS = 5_000
CORP_ID = "ww0000000000bench"
SIDES = "bench.sync_sides"


def run(scale: str) -> dict[str, Any]:
    """Seed, measure both sides in turns and return one line of the benchmark table."""
    contacts = SCALES[scale]
    folder = Path(tempfile.mkdtemp(prefix="lianxin-bench-sync-", dir=place()))
    environment, _owner_url = prepare(folder)
    try:
        with sandbox_served(folder / "sandbox", environment) as origin:
            seed(origin, contacts)
            account = ask(SIDES, environment, "open", origin)["account"]
            before = ask(SIDES, environment, "bare", origin)
            first = ask(SIDES, environment, "ours", account)
            again = ask(SIDES, environment, "ours", account)
            after = ask(SIDES, environment, "bare", origin)
    finally:
        embedded.stop_server(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    check(contacts, before, first, again, after)
    return line_of(contacts, (before["seconds"] + after["seconds"]) / 2, first, again)


def seed(origin: str, contacts: int) -> None:
    """Fill the sandbox with invented people, each known by one member."""
    with httpx.Client(base_url=origin, trust_env=False, timeout=60) as client:
        client.put(f"/control/corps/{CORP_ID}", json=corp_of(contacts)).raise_for_status()
        for start in range(0, contacts, SEED_ROWS):
            numbers = range(start, min(start + SEED_ROWS, contacts))
            client.post("/control/seed", json=seed_rows(numbers)).raise_for_status()


def corp_of(contacts: int) -> dict[str, Any]:
    app = {"agent_id": 1000002, "secret": "app-secret", "name": "连心", "rights": ["contact"]}
    members = [{"userid": f"m{n}", "name": f"员工{n}"} for n in range(-(-contacts // PER_MEMBER))]
    return {"name": "基准医院", "apps": [app], "members": members}


def seed_rows(numbers: range) -> dict[str, Any]:
    people = [{"id": f"p{n}", "name": f"测试{n}", "union_id": f"u{n}"} for n in numbers]
    relations = [
        {
            "corp_id": CORP_ID,
            "userid": f"m{n // PER_MEMBER}",
            "person": f"p{n}",
            "added_at": 1_790_000_000 + n,
            "add_way": 1,
        }
        for n in numbers
    ]
    return {"persons": people, "relations": relations}


def check(contacts: int, *measured: dict[str, Any]) -> None:
    """Refuse a result in which a side did not see every contact."""
    seen = [one["contacts"] for one in measured]
    if seen != [contacts] * len(measured):
        raise RuntimeError(f"not everything was read: {seen} of {contacts}")
    added = [one.get("added") for one in measured[1:3]]
    if added != [contacts, 0]:
        raise RuntimeError(f"not everything was stored once: {added} of {contacts}")


def line_of(
    contacts: int, bare_seconds: float, first: dict[str, Any], again: dict[str, Any]
) -> dict[str, Any]:
    ours, bare = contacts / first["seconds"], contacts / bare_seconds
    memory = max(first["memory_mb"], again["memory_mb"])
    ratio = ours / bare
    return {
        "name": "sync",
        "ours": round(ours),
        "baseline": round(bare),
        "unit": "contacts/s stored against contacts/s read by bare httpx",
        "ratio": round(ratio, 3),
        "goal": f">= {GOAL}",
        "ok": ratio >= GOAL and memory <= MEMORY_GOAL_MB,
        "note": (
            f"{contacts:,} contacts, all new; the same again with nothing new "
            f"{contacts / again['seconds'] / bare:.3f}; "
            f"most memory of the worker {memory} MB (goal <= {MEMORY_GOAL_MB})"
        ),
    }
