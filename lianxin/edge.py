"""The edge process: /callbacks/ and /live/ as plain ASGI, outside Django's request cycle.

`granian --interface asginl lianxin.edge:application`; a reverse proxy puts it under the one origin.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django first

from lianxin.channels.edge import PREFIX, CallbackEdge, Receive, Scope, Send  # noqa: E402
from lianxin.web.live import LiveApp  # noqa: E402

callbacks = CallbackEdge(settings.DATABASE_URL)
live = LiveApp()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand the request to the half that it is for."""
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path.startswith(PREFIX):
        await callbacks(scope, receive, send)
    elif path.startswith("/live/"):
        await live(scope, receive, send)
    else:
        await answer_plain(send, 200 if path == "/healthz" else 404)


async def answer_plain(send: Send, status: int) -> None:
    body = b"ok" if status == 200 else b""
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
