"""Benchmark `send`: answers inside the Official Accounts' windows, against bare httpx.

`run(scale)` starts its own database and a sandbox with four Official Accounts whose followers have
all just written. Two worker processes run what the sending job does until every answer has gone:
claim, the gate, the lease, the call, the settling, the journal. The baseline is one process with
httpx that sends as many texts to the same people, with as many calls at once as both workers.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.due_fill import HOLDERS, PATIENTS
from bench.places import ask, ask_together, place, prepare
from bench.serving import sandbox_served
from lianxin.core import embedded
from sandbox.state import make_openid

GOAL = 0.6
WORKERS = 2
# scale -> messages
SCALES = {"small": 2_000, "full": 20_000}
# An account may be called 10,000 times a minute: four of them never meet that here.
APP_IDS = [f"wx0000000000bench{n}" for n in range(1, 5)]
SEED_ROWS = 5_000
SIDES = "bench.send_sides"

ADDRESSES = """
insert into channels_address (hospital_id, account_id, key, external_id, union_id, state, added_at,
    last_inbound_at, sent_since_inbound_count, sent_since_action_count, session_state)
select %(hospital)s, account, 'a' || lpad(n::text, 11, '0'), open_id, '', 'active', %(due)s,
    %(due)s, 0, 0, 0
from unnest(%(accounts)s::bigint[], %(open_ids)s::text[]) with ordinality as t (account, open_id, n)
"""


def run(scale: str) -> dict[str, Any]:
    """Fill, measure both sides in turns and return one line of the benchmark table."""
    messages = SCALES[scale]
    folder = Path(tempfile.mkdtemp(prefix="lianxin-bench-send-", dir=place()))
    environment, owner_url = prepare(folder)
    try:
        with sandbox_served(folder / "sandbox", environment) as origin:
            seed(origin, messages)
            house = ask(SIDES, environment, "open", origin, *APP_IDS)
            fill(owner_url, house, messages)
            submitted = ask(SIDES, environment, "submit", house["hospital"])["count"]
            before = ask(SIDES, environment, "bare", origin, messages)
            seconds = ask_together(SIDES, environment, WORKERS, "work", house["hospital"])
            after = ask(SIDES, environment, "bare", origin, messages)
            check(owner_url, origin, messages, submitted)
    finally:
        embedded.stop_server(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    return line_of(messages, seconds, (before["seconds"] + after["seconds"]) / 2)


def people_of(app_id: str, messages: int) -> list[str]:
    place_of_account = APP_IDS.index(app_id)
    return [f"p{n}" for n in range(messages) if n % len(APP_IDS) == place_of_account]


def seed(origin: str, messages: int) -> None:
    """Fill the sandbox with invented people who follow an account and have just written."""
    with httpx.Client(base_url=origin, trust_env=False, timeout=60) as client:
        for app_id in APP_IDS:
            account = {"name": "基准号", "secret": "app-secret", "token": "t", "mode": "plain"}
            client.put(f"/control/official-accounts/{app_id}", json=account).raise_for_status()
            people = people_of(app_id, messages)
            for start in range(0, len(people), SEED_ROWS):
                part = people[start : start + SEED_ROWS]
                client.post("/control/seed", json=seed_rows(app_id, part)).raise_for_status()


def seed_rows(app_id: str, people: list[str]) -> dict[str, Any]:
    now = time.time()
    follows = [{"app_id": app_id, "person": one, "written_at": now} for one in people]
    return {"persons": [{"id": one, "name": "测试"} for one in people], "followers": follows}


def fill(owner_url: str, house: dict[str, Any], messages: int) -> None:
    """Write the same people on our side, as the owner, set by set."""
    now = datetime.now(UTC)
    accounts, open_ids = [], []
    for app_id, account in zip(APP_IDS, house["accounts"], strict=True):
        people = people_of(app_id, messages)
        accounts += [account] * len(people)
        open_ids += [make_openid(app_id, one) for one in people]
    values = {
        "n": messages,
        "today": now.date(),
        "due": now,
        "hospital": house["hospital"],
        "accounts": accounts,
        "open_ids": open_ids,
    }
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        for statement in (PATIENTS, ADDRESSES, *HOLDERS):
            connection.execute(statement, values)
        connection.execute("vacuum analyze")


def check(owner_url: str, origin: str, messages: int, submitted: int) -> None:
    """Refuse a result in which not everything went out once."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(
            "select count(*), count(distinct holder_id) from outreach_delivery"
            " where state = 'sent' and carrier = 'oa_text'"
        ).fetchone()
    calls = httpx.get(f"{origin}/control/state", trust_env=False, timeout=60).json()["counts"]
    sent = calls["/cgi-bin/message/custom/send"]
    if submitted != messages or row != (messages, messages):
        raise RuntimeError(f"not everything was sent once: {row} of {messages}")
    if sent["calls"] != 3 * messages or sent["errors"]:
        raise RuntimeError(f"the provider was called otherwise than meant: {sent}")


def line_of(messages: int, seconds: float, bare_seconds: float) -> dict[str, Any]:
    ours, bare = messages / seconds, messages / bare_seconds
    return {
        "name": "send",
        "ours": round(ours),
        "baseline": round(bare),
        "unit": "messages/s through gate and journal against bare httpx",
        "ratio": round(ours / bare, 3),
        "goal": f">= {GOAL}",
        "ok": ours / bare >= GOAL,
        "note": f"{messages:,} answers over four Official Accounts, {WORKERS} workers, each once",
    }
