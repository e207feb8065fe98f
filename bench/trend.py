"""Benchmark `trend`: the data of a trend page for one patient-year, against hand-written SQL.

`run(scale)` starts its own database, fills it with millions of observations of many patients, and
measures the product's query, as the application role under row security, in turns with the same
SQL written by hand. Django runs in a process of its own (`bench.trend_sides`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from lianxin.core import embedded
from lianxin.core.keysets import make_keyset_text

ROOT = Path(__file__).resolve().parent.parent
GOAL = 1.5
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
        sides = start(environment, "open", "0")
        fill(owner_url, sides["hospital"], sides["patient"], total // PER_PATIENT)
        measured = start(environment, "measure", str(rounds))
    finally:
        embedded.stop_server(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    return line_of(measured, total)


def place() -> str | None:
    """Keep the data where the embedded server may be as root: never below a home."""
    return "/var/lib" if os.geteuid() == 0 else None


def prepare(folder: Path) -> tuple[dict[str, str], str]:
    keyset = folder / "keyset.json"
    keyset.write_text(make_keyset_text(), encoding="utf-8")
    urls = embedded.prepare(folder)
    environment = os.environ | {
        "LIANXIN_KEYSET": str(keyset),
        "LIANXIN_SECRET_KEY": "only-for-this-benchmark",
        "DATABASE_URL": urls.app,
        "LIANXIN_OWNER_DATABASE_URL": urls.owner,
        "LIANXIN_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "lianxin", "migrate"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return environment, urls.owner


def start(environment: dict[str, str], what: str, count: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.trend_sides", what, count]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


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
