"""/callbacks/<kind>/<account key>/: verify, decrypt, seal, commit, answer. Plain ASGI.

What is refused is refused with an empty body; a repeat is acknowledged and stored nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import psycopg
import structlog
from django.conf import settings
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from lianxin.channels.account_book import AccountBook, OpenAccount
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import (
    MAX_CALLBACK_BYTES,
    CallbackRefused,
    CallbackRequest,
)
from lianxin.channels.shared_commit import NotStoredError, SharedCommit, Verified
from lianxin.core import time

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/callbacks/"
MAX_QUERY_FIELDS = 20
BODY_SECONDS = 5.0
# WeChat's own accounts want this word; the others take an empty body.
ANSWERS = {
    "official_account": b"success",
    "mini_program": b"success",
    "voice": b'{"result": 0, "errmsg": "OK"}',
}
# Posts without time and signature: the address holds a secret, and a repeat changes nothing.
UNSTAMPED = frozenset({"voice"})
OK, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, TOO_LARGE, UNAVAILABLE = 200, 403, 404, 405, 413, 503


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = field(default=b"", repr=False)


class CallbackEdge:
    """The ASGI application. One per process; it owns its connections."""

    def __init__(self, database_url: str, *, pool_size: int = 4) -> None:
        self.pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            database_url,
            min_size=1,
            max_size=pool_size,
            open=False,
            kwargs={"autocommit": True},
            timeout=3.0,
        )
        self.book = AccountBook(self.pool)
        self.commits = SharedCommit(self.pool)
        self.opening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the connections, once; the first request does it where there is no start-up hook."""
        if self.opening is None:
            self.opening = asyncio.create_task(self.pool.open())
        await self.opening

    async def close(self) -> None:
        await self.pool.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, await self.answer(scope, receive))

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Store a callback, or refuse it; the answer is given when it is durable."""
        await self.open()
        kind, _, key = scope["path"].removeprefix(PREFIX).strip("/").partition("/")
        if kind not in ADAPTERS or not key or "/" in key:
            return Answer(NOT_FOUND)
        try:
            return await self.serve(scope, receive, kind, key)
        except CallbackRefused as refusal:
            log.info("callback.refused", kind=kind, account=key, code=refusal.code)
            return Answer(refusal.status)
        except (NotStoredError, PoolTimeout, psycopg.OperationalError) as error:
            log.warning("callback.unavailable", kind=kind, error=type(error).__name__)
            return Answer(UNAVAILABLE)

    async def serve(self, scope: Scope, receive: Receive, kind: str, key: str) -> Answer:
        if scope["method"] not in {"GET", "POST"}:
            return Answer(NOT_ALLOWED)
        query = read_query(scope)
        received_at = time.now()
        if kind not in UNSTAMPED:
            check_age(query, received_at)
        account = await self.book.find(key[:40])
        if account is None or account.facts.kind != kind:
            return Answer(NOT_FOUND)
        adapter = ADAPTERS[kind]
        if scope["method"] == "GET":
            echo = adapter.answer_verification(account.facts, CallbackRequest(query))
            await self.book.note_verified(account.facts, received_at)
            return Answer(OK, echo.encode())
        request = CallbackRequest(query, await read_body(scope, receive))
        await self.commits.store(verify(account, request, received_at))
        return Answer(OK, ANSWERS.get(kind, b""))


def verify(account: OpenAccount, request: CallbackRequest, received_at: datetime) -> Verified:
    opened = ADAPTERS[account.facts.kind].open_callback(account.facts, request)
    return Verified(
        hospital_id=account.facts.hospital_id,
        account_id=account.facts.id,
        event_key=opened.event_key,
        body_sealed=account.seal(opened.body),
        is_urgent=opened.is_urgent,
        received_at=received_at,
    )


def read_query(scope: Scope) -> dict[str, str]:
    try:
        text = scope["query_string"].decode("ascii")
        if text.count("&") >= MAX_QUERY_FIELDS:
            raise CallbackRefused("query", 400)
        if "%" in text or "+" in text:
            return dict(parse_qsl(text, errors="strict"))
    except ValueError:
        raise CallbackRefused("query", 400) from None
    return dict(part.partition("=")[::2] for part in text.split("&") if part)


def check_age(query: dict[str, str], received_at: datetime) -> None:
    """Refuse what was signed long ago: a recorded callback must not work for ever."""
    stamp = query.get("timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise CallbackRefused("timestamp")
    if abs(received_at.timestamp() - int(stamp)) > settings.CALLBACK_MAX_AGE_SECONDS:
        raise CallbackRefused("stale")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read at most 64 KB; the rest of a larger body is never looked at."""
    check_length(scope)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await collect_body(receive)
    except TimeoutError:
        raise CallbackRefused("slow body", 408) from None


async def collect_body(receive: Receive) -> bytes:
    body, has_more = b"", True
    while has_more:
        message = await receive()
        if message["type"] != "http.request":
            raise CallbackRefused("hung up", 400)
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
        if len(body) > MAX_CALLBACK_BYTES:
            raise CallbackRefused("too large", TOO_LARGE)
    return body


def check_length(scope: Scope) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > MAX_CALLBACK_BYTES):
            raise CallbackRefused("too large", TOO_LARGE)


async def respond(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
