"""Benchmark `trend`: the data of a trend page for one patient-year, against hand-written SQL.

`run(scale)` starts its own database, fills it with millions of observations of many patients, and
measures the product's query, as the application role under row security, in turns with the same
SQL written by hand. Django runs in a process of its own (`bench.trend_sides`).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from bench.places import ask, place, prepare
from lianxin.core import embedded

ROOT = Path(__file__).resolve().parent.parent
GOAL = 1.5
SIDES = "bench.trend_sides"
# scale -> (observations, rounds of both sides)
SCALES = {"small": (1_000_000, 200), "full": (10_000_000, 400)}
PER_PATIENT = 1460

FILL = """
insert into health_observation
    (measured_at, id, hospital_id, patient_id, metric, value, value_2, slot, recorded_at, by_kind)
select at, (%(first)s + p) * 10000 + n, %(hospital)s, %(first)s + p, 'bp',
       120 + (n * 7 + p) %% 40, 70 + (n * 3 + p) %% 25,
       case when n %% 4 < 2 then 'morning' else 'evening' end, at, 'system'
from generate_series(0, %(patients)s - 1) p,
     generate_series(0, %(per)s - 1) n,
     lateral (select date_trunc('day', now()) - interval '364 days' + (n / 4) * interval '1 day'
              + case n %% 4 when 0 then interval '-1 hour' when 1 then interval '-58 minutes'
                when 2 then interval '12 hours' else interval '722 minutes' end as at) t
"""


def run(scale: str) -> dict[str, Any]:
    """Fill, measure and return one line of the benchmark table."""
    total, rounds = SCALES[scale]
    folder = Path(tempfile.mkdtemp(prefix="lianxin-bench-trend-", dir=place()))
    environment, owner_url = prepare(folder)
    try:
        sides = ask(SIDES, environment, "open", "0")
        fill(owner_url, sides["hospital"], sides["patient"], total // PER_PATIENT)
        measured = ask(SIDES, environment, "measure", str(rounds))
    finally:
        embedded.stop_server(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    return line_of(measured, total)


def fill(owner_url: str, hospital: int, patient: int, patients: int) -> None:
    """Write the observations as the owner; nobody else may write a partition so fast."""
    values = {"hospital": hospital, "first": patient, "patients": patients, "per": PER_PATIENT}
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute(FILL, values)
        connection.execute("vacuum analyze health_observation")


def line_of(measured: dict[str, Any], total: int) -> dict[str, Any]:
    ours, baseline = measured["ours_ms"], measured["baseline_ms"]
    ratio = ours / baseline
    note = (
        f"{total:,} observations, {measured['rows']} days and slots of one patient-year; "
        f"whole panel with sentence, numbers and picture {measured['panel_ms']:.1f} ms"
    )
    return {
        "name": "trend",
        "ours": round(ours, 3),
        "baseline": round(baseline, 3),
        "unit": "ms",
        "ratio": round(ratio, 2),
        "goal": GOAL,
        "ok": ratio <= GOAL,
        "note": note,
    }
