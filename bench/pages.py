"""Benchmark `pages`: p95 of Today, Inbox and Patient, against a signed-in empty page.

`run(scale)` starts its own database, fills it with patients, open tasks and a year of discharges
as the owner, and starts the product's own web server. A nurse's pages are then asked over HTTP in
turns with a refusal inside the same frame. Django runs in processes of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import httpx
import psycopg

from bench.places import place, prepare
from bench.serving import served
from lianxin.core import embedded
from lianxin.supervise import web_command

ROOT = Path(__file__).resolve().parent.parent
GOAL = 4.0
# scale -> (patients, requests per page)
SCALES = {"small": (10_000, 100), "full": (100_000, 300)}
PAGES = ("today", "inbox", "patient")
# Every thread of the server opens its connection and compiles its templates first.
WARM_UP = 40

# The crowd behind the people on the page: same team, so that every index and plan is met.
FILL = (
    """
    insert into patients_patient
        (id, hospital_id, key, name_sealed, phone_sealed, inpatient_sealed, diagnosis_sealed, sex,
         birth_on, department_id, team_id, stage, risk, discharged_on, state, stop_reason,
         created_at)
    overriding system value
    select 1000000 + n, %(hospital)s, 'b' || lpad(n::text, 11, '0'), '', '', '', '', 'female',
           date '1950-01-01' + (n %% 9000)::int, null, %(team)s, 'after_visit', 'low',
           current_date - (n %% 365)::int, 'active', '', now()
    from generate_series(1, %(patients)s) n
    """,
    """
    insert into tasks_stafftask
    select (jsonb_populate_record(null::tasks_stafftask, to_jsonb(task) || jsonb_build_object(
        'id', 1000000 + n, 'key', 't' || lpad(n::text, 11, '0'), 'patient_id', 1000000 + n,
        'unique_key', 'bench:' || n, 'due_at', now() + n * interval '1 minute'))).*
    from generate_series(1, %(patients)s / 10) n,
         (select * from tasks_stafftask where hospital_id = %(hospital)s order by id limit 1) task
    """,
)


def run(scale: str) -> dict[str, Any]:
    """Fill, measure and return one line of the benchmark table."""
    patients, rounds = SCALES[scale]
    folder = Path(tempfile.mkdtemp(prefix="lianxin-bench-pages-", dir=place()))
    environment, owner_url = prepare(folder)
    try:
        house = open_house(environment)
        fill(owner_url, house | {"patients": patients})
        serve = partial(web_command, static_root=str(ROOT / "lianxin" / "web" / "static"))
        with served(serve, environment) as port:
            measured = measure(port, house, rounds)
    finally:
        embedded.stop_server(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    return line_of(measured, patients)


def open_house(environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.pages_house"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    house: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return house


def measure(port: int, house: dict[str, Any], rounds: int) -> dict[str, float]:
    """Ask every page in turns, so that a slow moment of the machine meets all of them."""
    pages = {
        "empty": ("/patients/nobody/", 404),
        "today": ("/", 200),
        "inbox": ("/inbox/?tab=all", 200),
        "patient": (f"/patients/{house['patient']}/", 200),
    }
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        client.cookies.set("sessionid", house["session"])
        turns = [
            {name: ask(client, *page) for name, page in pages.items()}
            for _ in range(WARM_UP + rounds)
        ]
    return {name: quantiles([turn[name] for turn in turns[WARM_UP:]], n=20)[-1] for name in pages}


def ask(client: httpx.Client, url: str, status: int) -> float:
    """Return how long the page took, in milliseconds."""
    started = perf_counter()
    answer = client.get(url)
    spent = 1000 * (perf_counter() - started)
    if answer.status_code != status:
        raise RuntimeError(f"{url} answered {answer.status_code}")
    return spent


def fill(owner_url: str, values: dict[str, Any]) -> None:
    """Write the crowd as the owner, set by set."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        for statement in FILL:
            connection.execute(statement.encode(), values)
        connection.execute("vacuum analyze")


def line_of(measured: dict[str, Any], patients: int) -> dict[str, Any]:
    empty = measured["empty"]
    slowest = max(measured[page] for page in PAGES)
    times = ", ".join(f"{page} {measured[page]:.0f} ms" for page in PAGES)
    ratio = slowest / empty
    return {
        "name": "pages",
        "ours": round(slowest, 1),
        "baseline": round(empty, 1),
        "unit": "ms at p95, the slowest of three pages",
        "ratio": round(ratio, 2),
        "goal": f"<= {GOAL:g}",
        "ok": ratio <= GOAL,
        "note": f"{patients:,} patients; {times}; empty page {empty:.0f} ms",
    }


if __name__ == "__main__":
    os.chdir(ROOT)
    print(json.dumps(run(sys.argv[1] if len(sys.argv) > 1 else "small"), ensure_ascii=False))
