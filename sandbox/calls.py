"""One call by the product: faults, token, rate window, handler, envelope, and its log line."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox.errors import ApiError, Json
from sandbox.faults import API_KINDS
from sandbox.runtime import Sandbox
from sandbox.windows import HOUR, MINUTE

Handler = Callable[["Call"], Awaitable[Json | Response] | Json | Response]
ErrorMaker = Callable[["Call", ApiError], Json]

# Words in bodies and queries that the log must not show in full.
SECRET_KEYS = ("secret", "corpsecret", "access_token", "code", "js_code", "session_key")


@dataclass
class Call:
    """What a handler sees of one request."""

    box: Sandbox
    request: Request
    path: str
    query: dict[str, str]
    raw: bytes
    body: Json = field(default_factory=dict)
    account: str = ""
    agent_id: str = ""
    notes: Json = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The address of the sandbox as the caller wrote it."""
        url = self.request.url
        return f"{url.scheme}://{url.netloc}"

    @property
    def now(self) -> float:
        return self.box.clock.now()

    def host(self) -> str:
        """Give the address the call came from, as the provider sees it."""
        return self.request.client.host if self.request.client else "127.0.0.1"

    def text(self, name: str) -> str:
        value = self.body.get(name, "")
        return value if isinstance(value, str) else str(value)

    def limit(self, default: int, most: int) -> int:
        value = self.body.get("limit") or default
        if not isinstance(value, int) or not 0 < value <= most:
            raise ApiError(40058, "limit")
        return value


async def read_call(box: Sandbox, request: Request) -> Call:
    path = "/" + request.path_params.get("path", "").lstrip("/")
    raw = await request.body()
    query = dict(parse_qsl(request.url.query, keep_blank_values=True))
    return Call(box, request, path, query, raw)


def parse_body(call: Call) -> None:
    """Read the JSON body of a POST; 47001 when it is none."""
    if call.request.method != "POST" or not call.raw:
        return
    if call.request.headers.get("content-type", "").startswith("multipart/"):
        return
    try:
        body = json.loads(call.raw)
    except ValueError as error:
        raise ApiError(47001, "body is not JSON") from error
    if not isinstance(body, dict):
        raise ApiError(47001, "body is not an object")
    call.body = body


def make_json(data: Any) -> Response:
    text = json.dumps(data, default=vars, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/json; charset=UTF-8")


async def answer_call(call: Call, handle: Handler, make_error: ErrorMaker) -> Response:
    """Run the handler and write the line; never raises for what the provider refuses."""
    began = time.perf_counter()
    code = 0
    try:
        if garbage := await meet_fault(call):
            _record(call, -2, began, "garbage")
            return garbage
        found = handle(call)
        result = await found if isinstance(found, Awaitable) else found
    except ApiError as error:
        code = error.code
        result = make_error(call, error)
    shown = result if isinstance(result, dict) else {}
    if "session_key" in shown:
        shown = shown | {"session_key": "…"}
    _record(call, code, began, json.dumps(shown, ensure_ascii=False, indent=1))
    if call.request.state.is_answer_lost:
        return await stay_silent(call)
    return make_json(result) if isinstance(result, dict) else result


async def meet_fault(call: Call) -> Response | None:
    """Go wrong when a fault for this path is on."""
    fault = call.box.faults.take_any(API_KINDS, call.path)
    kind = fault.kind if fault else ""
    # Whether a token is dead is for the token check to say.
    call.request.state.dead_token = kind == "api_token_dead"
    # What is done all the same; only its answer does not come.
    call.request.state.is_answer_lost = kind == "api_answer_lost"
    windows, closed = call.box.windows, f"closed {call.path}"
    if windows.is_closed(closed, MINUTE):
        raise ApiError(45009)
    if fault is None or kind in ("api_token_dead", "api_answer_lost"):
        return None
    if fault.kind == "api_busy":
        raise ApiError(-1)
    if fault.kind == "api_window":
        windows.close(closed, MINUTE)
    if fault.kind in ("api_rate_limited", "api_window"):
        raise ApiError(45009)
    if fault.kind == "api_timeout":
        return await stay_silent(call)
    return Response("<html><body>502 Bad Gateway</body></html>", media_type="text/html")


async def stay_silent(call: Call) -> Response:
    await asyncio.sleep(call.box.world.settings.timeout_seconds)
    return Response(status_code=504)


def is_over_limit(call: Call) -> bool:
    """Check the base frequency of this account and path."""
    limits, windows = call.box.world.settings, call.box.windows
    key = f"{call.account} {call.path}"
    return windows.is_over(key, limits.minute_limit, MINUTE) or windows.is_over(
        key, limits.hour_limit, HOUR
    )


def count_call(box: Sandbox, path: str, error: str) -> None:
    count = box.world.counts.setdefault(path, {"calls": 0, "errors": {}})
    count["calls"] += 1
    if error:
        count["errors"][error] = count["errors"].get(error, 0) + 1


def _record(call: Call, code: int, began: float, answer: str) -> None:
    box = call.box
    count_call(box, call.path, str(code) if code else "")
    asked = hide_secrets(call.body) if call.body else hide_secrets(dict(call.query))
    box.log.add(
        "call",
        call.path,
        account=call.account,
        outcome="ok" if code == 0 else "error",
        code=code,
        ms=round((time.perf_counter() - began) * 1000, 1),
        plain=json.dumps(asked, ensure_ascii=False, indent=1),
        cipher=answer,
        params=call.notes,
    )


def hide_secrets(data: Json) -> Json:
    return {k: "…" if k in SECRET_KEYS and v else v for k, v in data.items()}
