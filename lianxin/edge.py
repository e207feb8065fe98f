"""The edge process: /callbacks/ and /live/, outside Django's request cycle.

`granian --interface rsgi lianxin.edge:application`; a reverse proxy puts it under the one origin.
Both halves are plain ASGI. They are served over RSGI, the server's own interface: a callback is
then one call for its body and one for its answer, a third less for an empty answer (decision 0003).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django first
from granian.rsgi import (  # type: ignore[attr-defined]  # noqa: E402
    ProtocolClosed,
    ProtocolError,
)
from granian.rsgi import Scope as RsgiScope  # noqa: E402

from lianxin.channels.edge import PREFIX, CallbackEdge, Receive, Scope  # noqa: E402
from lianxin.core.memory import leave_out_what_is_loaded  # noqa: E402
from lianxin.web.live import LiveApp, Message  # noqa: E402

# The server's object for one request; it comes from compiled code without types.
Protocol = Any


class Edge:
    """Hands each request to the half that it is for."""

    def __init__(self) -> None:
        self.callbacks = CallbackEdge(settings.DATABASE_URL)
        self.live = LiveApp()

    async def __rsgi__(self, scope: RsgiScope, protocol: Protocol) -> None:
        if scope.proto != "http":
            return
        with contextlib.suppress(ProtocolClosed):  # whoever asked has hung up
            if scope.path.startswith(PREFIX):
                await self.take_callback(scope, protocol)
            elif scope.path.startswith("/live/"):
                talk = Talk(protocol)
                await self.live(to_asgi(scope), talk.receive, talk.send)
            else:
                is_alive = scope.path == "/healthz"
                protocol.response_bytes(200 if is_alive else 404, [], b"ok" if is_alive else b"")

    async def take_callback(self, scope: RsgiScope, protocol: Protocol) -> None:
        answer = await self.callbacks.answer(to_asgi(scope), body_of(scope, protocol))
        kind = [("content-type", "text/plain; charset=utf-8")]
        protocol.response_bytes(answer.status, kind, answer.body)


def to_asgi(scope: RsgiScope) -> Scope:
    return {
        "type": "http",
        "method": scope.method,
        "path": scope.path,
        "query_string": scope.query_string.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in scope.headers.items()],
    }


def body_of(scope: RsgiScope, protocol: Protocol) -> Receive:
    """Give the body at once where its length is known, and was checked, else piece by piece."""
    pieces = None if "content-length" in scope.headers else pieces_of(protocol)

    async def receive() -> Message:
        try:
            if pieces is None:
                return {"type": "http.request", "body": await protocol(), "more_body": False}
            piece = await anext(pieces, None)
        except (ProtocolClosed, ProtocolError):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    return receive


async def pieces_of(protocol: Protocol) -> AsyncIterator[bytes]:
    """Iterate in Python: `anext` with a default on the server's own iterator ends the process."""
    async for piece in protocol:
        yield piece


class Talk:
    """An answer that may go on for hours, as ASGI tells it."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.start: Message = {}
        self.stream: Protocol = None

    async def receive(self) -> Message:
        await self.protocol.client_disconnect()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        try:
            await self.pass_on(message["body"], goes_on=message.get("more_body", False))
        except (ProtocolClosed, ProtocolError) as error:
            raise ConnectionResetError from error

    async def pass_on(self, body: bytes, *, goes_on: bool) -> None:
        status, headers = self.start["status"], self.start["headers"]
        lines = [(name.decode(), value.decode()) for name, value in headers]
        if self.stream is None and not goes_on:
            self.protocol.response_bytes(status, lines, body)
            return
        if self.stream is None:
            self.stream = self.protocol.response_stream(status, lines)
        if body:
            await self.stream.send_bytes(body)


application = Edge()
leave_out_what_is_loaded()
