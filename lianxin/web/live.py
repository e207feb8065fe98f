"""Live updates: a plain ASGI app that passes notifications of the database on to open pages.

One `LISTEN` connection per process serves every stream. A notification carries ids only, and a
stream gets those of its own hospital and its own topics.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db import connections
from django.http import HttpRequest
from django.utils.module_loading import import_string

from lianxin.core.live import CHANNEL
from lianxin.web.http import find_holder, find_staff

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PING_SECONDS = 15.0
CONNECT_SECONDS = 5.0
# A page that does not read this many notifications is gone or stuck; it may reconnect.
QUEUE_SIZE = 100
MAX_TOPICS = 20
TICKET_SALT = "web.live"
TICKET_SECONDS = 300
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Viewer:
    """Who watches: staff see every topic of the hospital, a phone only its own."""

    hospital_id: int
    holder_key: str = ""

    def may_watch(self, topic: str) -> bool:
        return not self.holder_key or topic == f"holder:{self.holder_key}"


@dataclass(eq=False)
class Stream:
    hospital_id: int
    topics: frozenset[str]
    queue: asyncio.Queue[str | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=QUEUE_SIZE)
    )

    def wants(self, payload: dict[str, Any]) -> bool:
        return payload.get("hospital") == self.hospital_id and payload.get("topic") in self.topics

    def push(self, text: str | None) -> None:
        """Hand on a notification; a stream that is full is ended instead of growing."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            text = None
        self.queue.put_nowait(text)


def public_part(payload: dict[str, Any]) -> str:
    """Leave out the hospital's number: the page knows where it is."""
    return json.dumps({name: value for name, value in payload.items() if name != "hospital"})


class Hub:
    """Holds the streams of this process and the one connection that feeds them."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.listener: asyncio.Task[None] | None = None
        self.is_listening = asyncio.Event()

    async def add(self, stream: Stream) -> None:
        """Take up a stream; when this returns, nothing that commits from now on is missed."""
        self.streams.add(stream)
        if self.listener is None or self.listener.done():
            self.listener = asyncio.create_task(self.listen())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.is_listening.wait(), CONNECT_SECONDS)

    def remove(self, stream: Stream) -> None:
        self.streams.discard(stream)

    async def listen(self) -> None:
        """Listen for as long as anybody watches; reconnect after a second when the line breaks."""
        while self.streams:
            try:
                await self.listen_once()
            except (psycopg.Error, OSError):
                log.warning("live: lost the database, trying again")
                self.is_listening.clear()
                self.end_all()
                await asyncio.sleep(1)

    async def listen_once(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            listen_address(), autocommit=True
        ) as connection:
            await connection.execute(f"listen {CHANNEL}")
            self.is_listening.set()
            while self.streams:
                async for notify in connection.notifies(timeout=PING_SECONDS):
                    self.fan_out(notify.payload)
        self.is_listening.clear()

    def fan_out(self, text: str) -> None:
        try:
            payload = json.loads(text)
        except ValueError:
            log.warning("live: a notification is not JSON")
            return
        for stream in [stream for stream in self.streams if stream.wants(payload)]:
            stream.push(public_part(payload))

    def end_all(self) -> None:
        """End every stream, so that each page reconnects and fetches what it missed."""
        for stream in self.streams:
            stream.push(None)


def listen_address() -> str:
    """Return the direct database address: LISTEN does not work through a pooler."""
    address: str = settings.LISTEN_DATABASE_URL
    return address


def make_request(scope: Scope) -> HttpRequest:
    """Build what the loaders need of a request: cookies, session and user."""
    cookies: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies.load(value.decode("latin-1"))
    request = HttpRequest()
    request.COOKIES = {name: morsel.value for name, morsel in cookies.items()}
    engine = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    session: SessionBase = engine(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.session = session
    request.user = get_user(request)
    return request


def find_viewer(scope: Scope) -> Viewer | None:
    """Tell who opened the stream: by ticket; else staff first, then whose phone it is."""
    visitor = read_ticket(scope)
    if visitor is not None:
        return visitor
    try:
        request = make_request(scope)
        staff = find_staff(request)
        if staff is not None:
            return Viewer(staff.hospital_id)
        holder = find_holder(request)
        return Viewer(holder.hospital_id, holder.key) if holder is not None else None
    finally:
        connections.close_all()


def make_ticket(hospital_id: int, holder_key: str) -> str:
    """Let a page without cookies, such as a frame on another site, watch its own talk.

    It stands in an address, so it lasts for minutes and lets watch only: what changed, no words.
    """
    return signing.dumps([hospital_id, holder_key], salt=TICKET_SALT)


def read_ticket(scope: Scope) -> Viewer | None:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    try:
        hospital_id, holder_key = signing.loads(
            query.get("ticket", [""])[0], salt=TICKET_SALT, max_age=TICKET_SECONDS
        )
    except signing.BadSignature:
        return None
    return Viewer(hospital_id, holder_key)


def wanted_topics(scope: Scope, viewer: Viewer) -> frozenset[str]:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    topics = query.get("topic", [])[:MAX_TOPICS]
    return frozenset(topic for topic in topics if viewer.may_watch(topic))


def allowed_origin(scope: Scope) -> str:
    """Return the asking page's origin when it is one of ours, which may lie on another port."""
    origin = next((value for name, value in scope["headers"] if name == b"origin"), b"").decode()
    default = [settings.BASE_URL] if hasattr(settings, "BASE_URL") else []
    known: list[str] = getattr(settings, "CONSOLE_ORIGINS", default)
    return origin if origin in {origin_of(address) for address in known} else ""


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def headers(origin: str, kind: str) -> list[tuple[bytes, bytes]]:
    lines = {
        "content-type": kind,
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        "x-content-type-options": "nosniff",
        "vary": "Origin, Cookie",
    }
    if origin:
        lines["access-control-allow-origin"] = origin
        lines["access-control-allow-credentials"] = "true"
    return [(name.encode(), value.encode()) for name, value in lines.items()]


class LiveApp:
    """Answers `GET /live/?topic=…` with a stream of events."""

    def __init__(self) -> None:
        self.hub = Hub()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        origin = allowed_origin(scope)
        if scope["method"] != "GET":
            await refuse(send, 405, origin)
            return
        viewer = await sync_to_async(find_viewer, thread_sensitive=False)(scope)
        if viewer is None:
            await refuse(send, 401, origin)
            return
        stream = Stream(viewer.hospital_id, wanted_topics(scope, viewer))
        if not stream.topics:
            await refuse(send, 403, origin)
            return
        await self.serve(stream, receive, send, origin)

    async def serve(self, stream: Stream, receive: Receive, send: Send, origin: str) -> None:
        await self.hub.add(stream)
        kind = "text/event-stream; charset=utf-8"
        start = {"type": "http.response.start", "status": 200, "headers": headers(origin, kind)}
        writer = asyncio.create_task(write(stream, send))
        try:
            await send(start)
            await wait_for_end(receive, writer)
        finally:
            self.hub.remove(stream)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await writer


async def refuse(send: Send, status: int, origin: str) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": headers(origin, "text/plain; charset=utf-8"),
        }
    )
    await send({"type": "http.response.body", "body": b""})


async def write(stream: Stream, send: Send) -> None:
    """Write events as they come and a comment when none came, so that proxies keep the line."""
    await send_chunk(send, ": open\n\n")
    while True:
        try:
            text = await asyncio.wait_for(stream.queue.get(), PING_SECONDS)
        except TimeoutError:
            await send_chunk(send, ": ping\n\n")
            continue
        if text is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await send_chunk(send, f"data: {text}\n\n")


async def send_chunk(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def wait_for_end(receive: Receive, writer: asyncio.Task[None]) -> None:
    """Return when the page goes away or its stream is ended."""
    gone = asyncio.create_task(wait_for_disconnect(receive))
    try:
        await asyncio.wait({gone, writer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()


async def wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


app = LiveApp()
