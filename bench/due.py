"""Benchmark `due`: due steps through gate, delivery and journal, against one bare statement.

`run(scale)` starts its own database and fills it with enrolments whose morning card is due. Two
worker processes, as many as the machine's cores that the goal is meant for, run the product's own
actions until every card is announced: steps claimed and merged, intents submitted, the gate asked,
deliveries claimed and settled, the journal written. Only the provider's answer is given here. The
baseline is one `UPDATE … RETURNING` with `INSERT` over as many rows of the same tables.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.due_fill import BARE, BARE_TABLES, FILL
from bench.places import ask, ask_together, place, prepare
from lianxin.core import embedded

ROOT = Path(__file__).resolve().parent.parent
GOAL = 0.15
SIDES = "bench.due_sides"
WORKERS = 2
STEPS_EACH = 2
SCALES = {"small": 10_000, "full": 100_000}
# Half past nine in Shanghai: the morning card is open and nobody has quiet hours.
LOCAL_TIME_UTC = timedelta(hours=1, minutes=30)


def run(scale: str) -> dict[str, Any]:
    """Fill, measure both sides in turns and return one line of the benchmark table."""
    enrolments = SCALES[scale]
    folder = Path(tempfile.mkdtemp(prefix="lianxin-bench-due-", dir=place()))
    environment, owner_url = prepare(folder)
    environment["LIANXIN_CLOCK_FILE"] = str(write_clock(folder))
    try:
        house = ask(SIDES, environment, "open")
        fill(owner_url, enrolments, house)
        before = measure_bare(owner_url)
        seconds = ask_together(SIDES, environment, WORKERS, "work", house["hospital"])
        after = measure_bare(owner_url)
        check(owner_url, enrolments)
    finally:
        embedded.stop_server(folder / "postgres")
    return line_of(enrolments, seconds, (before + after) / 2)


def write_clock(folder: Path) -> Path:
    """Move the product's clock to the hour of the morning card, whatever the hour is here."""
    now = datetime.now(UTC)
    wanted = now.replace(hour=0, minute=0, second=0, microsecond=0) + LOCAL_TIME_UTC
    path = folder / "clock.json"
    offset = (wanted - now).total_seconds()
    path.write_text(json.dumps({"offset_seconds": offset}), encoding="utf-8")
    return path


def fill(owner_url: str, enrolments: int, house: dict[str, int]) -> None:
    """Write people, consents, enrolments and due steps as the owner, set by set."""
    now = datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"n": enrolments, "today": today.date(), "due": today, **house}
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        for statement in FILL:
            connection.execute(statement, values)
        connection.execute("vacuum analyze")


def measure_bare(owner_url: str) -> float:
    """Run the bare statement over fresh copies and return its seconds."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for statement in BARE_TABLES:
            connection.execute(statement)
        began = time.perf_counter()
        connection.execute(BARE)
        return time.perf_counter() - began


def check(owner_url: str, enrolments: int) -> None:
    """Stop unless everything went out exactly once and is in the journal."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(
            "select (select count(*) from journeys_duestep where state = 'done'),"
            " (select count(*) from outreach_delivery where state = 'sent'),"
            " (select count(*) from outreach_card where state = 'announced'),"
            " (select count(*) from core_event where name = 'card.announced')"
        ).fetchone()
    wanted = (STEPS_EACH * enrolments, enrolments, enrolments, enrolments)
    if row != wanted:
        raise RuntimeError(f"not everything ran once: {row} instead of {wanted}")


def line_of(enrolments: int, seconds: float, bare_seconds: float) -> dict[str, Any]:
    steps = STEPS_EACH * enrolments
    ours, baseline = steps / seconds, steps / bare_seconds
    ratio = ours / baseline
    return {
        "name": "due",
        "ours": round(ours),
        "baseline": round(baseline),
        "unit": "due steps/s",
        "ratio": round(ratio, 3),
        "goal": GOAL,
        "ok": ratio >= GOAL,
        "note": (
            f"{enrolments:,} enrolments, {steps:,} due steps as {enrolments:,} merged cards, each "
            f"through gate, delivery and journal in {seconds:.1f} s by {WORKERS} workers on "
            f"{os.cpu_count()} cores; the bare statement took {bare_seconds:.1f} s"
        ),
    }
