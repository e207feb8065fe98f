"""The table of mini-program paths, and the endpoint that serves them."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from sandbox import tokens
from sandbox.calls import Call, Handler, answer_call, read_call
from sandbox.errors import ApiError, Json
from sandbox.mini_program import links, messages, sessions, subscriptions
from sandbox.official_account.access import make_error
from sandbox.runtime import Sandbox
from sandbox.state import MiniProgram

ProgramHandler = Callable[[Call, MiniProgram], Json | Response]


def give_old_token(call: Call) -> Json:
    return tokens.give_old_token(call, call.box.world.mini_programs)


def give_stable_token(call: Call) -> Json:
    return tokens.give_stable_token(call, call.box.world.mini_programs)


# Paths that need no account token.
OPEN_PATHS: dict[str, Handler] = {
    "/cgi-bin/token": give_old_token,
    "/cgi-bin/stable_token": give_stable_token,
    "/sns/jscode2session": sessions.exchange_code,
}
# All but those of READ_PATHS are POST; all carry errcode 0 on success, except for the picture.
PATHS: dict[str, ProgramHandler] = {
    "/cgi-bin/message/subscribe/send": subscriptions.send_subscribed,
    "/cgi-bin/message/custom/send": messages.send_custom,
    "/wxaapi/newtmpl/gettemplate": subscriptions.list_templates,
    "/wxa/business/getuserphonenumber": sessions.show_phone_number,
    "/wxa/generate_urllink": links.make_link,
    "/wxa/generatescheme": links.make_scheme,
    "/wxa/getwxacodeunlimit": links.draw_code,
}
READ_PATHS = {"/wxaapi/newtmpl/gettemplate"}


async def serve(request: Request) -> Response:
    """Answer one mini-program call."""
    box: Sandbox = request.app.state.sandbox
    call = await read_call(box, request)
    return await answer_call(call, OPEN_PATHS.get(call.path, _dispatch), make_error)


def _dispatch(call: Call) -> Json | Response:
    handle = PATHS.get(call.path)
    if handle is None:
        raise ApiError(48001, "no such path in the sandbox")
    method = "GET" if call.path in READ_PATHS else "POST"
    if call.request.method != method:
        raise ApiError(43001 if method == "GET" else 43002)
    result = handle(call, tokens.admit(call, call.box.world.mini_programs))
    return {"errcode": 0, "errmsg": "ok"} | result if isinstance(result, dict) else result
