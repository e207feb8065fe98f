"""Live updates: what commits in a hospital reaches that hospital's open pages, and no others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import override_settings

from lianxin.core import live
from lianxin.core.embedded import DatabaseUrls
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.core import make_hospital
from lianxin.web.live import QUEUE_SIZE, LiveApp, Stream, Viewer
from lianxin.web.tests.actors import STAFF_OF_REQUEST

Message = dict[str, Any]


class Visit:
    """One open stream: what was sent to it, and a way to leave."""

    def __init__(self, app: LiveApp, topic: str, nurse_at: object = "", **headers: str) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.gone = asyncio.Event()
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/live/",
            "query_string": f"topic={topic}".encode(),
            "headers": [(b"cookie", f"nurse_at={nurse_at}".encode()), *lines],
        }
        self.task = asyncio.create_task(app(scope, self.receive, self.send))

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.sent.put(message)

    async def next(self) -> Message:
        return await asyncio.wait_for(self.sent.get(), 5)

    async def next_data(self) -> Message:
        while True:
            body = (await self.next()).get("body", b"").decode()
            if body.startswith("data: "):
                found: Message = json.loads(body.removeprefix("data: "))
                return found

    async def leave(self) -> None:
        self.gone.set()
        await asyncio.wait_for(self.task, 5)


def tell(hospital: Hospital, topic: str) -> None:
    # The thread outlives its tests and their databases: nothing is taken over, nothing left behind.
    connection.close()
    try:
        with scope(hospital):
            live.publish(hospital.pk, topic, patient=7)
    finally:
        connection.close()


def run(urls: DatabaseUrls, story: Callable[[LiveApp], Awaitable[None]]) -> None:
    async def play() -> None:
        app = LiveApp()
        await story(app)

    with override_settings(LISTEN_DATABASE_URL=urls.app, STAFF_OF_REQUEST=STAFF_OF_REQUEST):
        asyncio.run(play())


def test_a_page_hears_its_hospital_only(own_database: DatabaseUrls) -> None:
    here, there = make_hospital("河畔医院"), make_hospital("别处医院")

    async def story(app: LiveApp) -> None:
        visit = Visit(app, "today", here.pk)
        assert (await visit.next())["status"] == 200
        await sync_to_async(tell)(there, "today")
        await sync_to_async(tell)(here, "inbox")
        await sync_to_async(tell)(here, "today")
        assert await visit.next_data() == {"topic": "today", "patient": 7}
        await visit.leave()
        assert not app.hub.streams

    run(own_database, story)


def test_a_stranger_hears_nothing(own_database: DatabaseUrls) -> None:
    async def story(app: LiveApp) -> None:
        visit = Visit(app, "today")
        assert (await visit.next())["status"] == 401
        await visit.leave()

    run(own_database, story)


def test_only_our_own_pages_may_read_from_another_port(own_database: DatabaseUrls) -> None:
    here = make_hospital()

    async def story(app: LiveApp) -> None:
        ours = Visit(app, "today", here.pk, origin="http://console.test")
        theirs = Visit(app, "today", here.pk, origin="http://elsewhere.test")
        allowed, other = (
            dict((await ours.next())["headers"]),
            dict((await theirs.next())["headers"]),
        )
        assert allowed[b"access-control-allow-origin"] == b"http://console.test"
        assert b"access-control-allow-origin" not in other
        await ours.leave()
        await theirs.leave()

    with override_settings(CONSOLE_ORIGINS=["http://console.test/"]):
        run(own_database, story)


@pytest.mark.parametrize(
    ("topic", "allowed"), [("holder:abc", True), ("holder:xyz", False), ("today", False)]
)
def test_a_phone_watches_only_itself(topic: str, *, allowed: bool) -> None:
    assert Viewer(1, holder_key="abc").may_watch(topic) is allowed


def test_a_page_that_does_not_read_is_let_go() -> None:
    async def play() -> None:
        stream = Stream(1, frozenset({"today"}))
        for _ in range(QUEUE_SIZE + 1):
            stream.push("{}")
        assert stream.queue.get_nowait() is None
        assert stream.queue.empty()

    asyncio.run(play())
