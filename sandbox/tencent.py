"""What the services of Tencent Cloud share: signed calls, and answers in one envelope."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Call, count_call, make_json, meet_fault, read_call, stay_silent
from sandbox.errors import ApiError, Json
from sandbox.runtime import Sandbox
from sandbox.sms.signature import find_fault, find_secret_id

STALE_SECONDS = 300


class HoldsKey(Protocol):
    secret_id: str
    secret_key: str


App = TypeVar("App", bound=HoldsKey)


class CloudError(Exception):
    """The service refuses the whole call, in its own words."""


async def serve_cloud(
    request: Request,
    paths: Mapping[str, str],
    default: str,
    answer_action: Callable[[Call, str], Json],
) -> Response:
    """Answer one call of a service; `paths` name its actions in the log."""
    box: Sandbox = request.app.state.sandbox
    call = await read_call(box, request)
    action = request.headers.get("x-tc-action", "")
    path = paths.get(action, paths[default])
    call.path = path
    began = time.perf_counter()
    code = ""
    try:
        if garbage := await meet_fault(call):
            return garbage
        answer = answer_action(call, action)
    except ApiError as error:
        code = "RequestLimitExceeded" if error.code == 45009 else "InternalError"
        answer = make_error(code)
    except CloudError as error:
        code = str(error)
        answer = make_error(code)
    count_call(box, path, code)
    box.log.add(
        "call",
        path,
        account=call.account,
        outcome="error" if code else "ok",
        ms=round((time.perf_counter() - began) * 1000, 1),
        plain=json.dumps(call.body, ensure_ascii=False, indent=1),
        cipher=json.dumps(answer, ensure_ascii=False, indent=1),
        params={"error": code} if code else {},
    )
    if call.request.state.is_answer_lost:
        return await stay_silent(call)
    return make_json({"Response": answer | {"RequestId": secrets.token_hex(16)}})


def make_error(code: str) -> Json:
    return {"Error": {"Code": code, "Message": f"The request was refused: {code}."}}


def admit(call: Call, apps: Iterable[App]) -> list[App]:
    """Check the signature; return what the holder of this key has."""
    secret_id = find_secret_id(call.request)
    held = [app for app in apps if app.secret_id == secret_id]
    if not held:
        raise CloudError("AuthFailure.SecretIdNotFound")
    # The signature covers the path as the client wrote it: the root of the gateway.
    paths = {"/", call.request.url.path}
    faults = [find_fault(call.request, call.raw, p, held[0].secret_key) for p in paths]
    if all(faults):
        raise CloudError(faults[0])
    if abs(call.now - int(call.request.headers["x-tc-timestamp"])) > STALE_SECONDS:
        raise CloudError("AuthFailure.SignatureExpire")
    return held


def read_body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise CloudError("InvalidParameter") from error
    if not isinstance(body, dict):
        raise CloudError("InvalidParameter")
    return body
