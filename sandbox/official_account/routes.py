"""The table of Official Account paths, and the endpoint that serves them."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Call, Handler, answer_call, read_call
from sandbox.errors import ApiError, Json
from sandbox.official_account import (
    access,
    articles,
    followers,
    identity,
    menus,
    messages,
    notices,
    statistics,
)
from sandbox.runtime import Sandbox
from sandbox.state import OfficialAccount
from sandbox.wecom.media import check_upload

AccountHandler = Callable[[Call, OfficialAccount], Json]


def upload_media(call: Call, account: OfficialAccount) -> Json:
    check_upload(call)
    media_id = f"m{call.box.world.take_id()}"
    account.media[media_id] = call.now
    created = call.box.clock.second()
    return {"type": call.query.get("type", "image"), "media_id": media_id, "created_at": created}


def list_callback_addresses(_call: Call, _account: OfficialAccount) -> Json:
    return {"ip_list": ["127.0.0.1"]}


# Paths that need no account token.
OPEN_PATHS: dict[str, Handler] = {
    "/cgi-bin/token": access.give_old_token,
    "/cgi-bin/stable_token": access.give_stable_token,
    "/sns/oauth2/access_token": identity.exchange_code,
    "/sns/oauth2/refresh_token": identity.refresh_token,
    "/sns/userinfo": identity.show_profile,
    "/sns/auth": identity.check_token,
}
# Path → method, handler, and whether success carries errcode 0 (data calls carry none).
PATHS: dict[str, tuple[str, AccountHandler, bool]] = {
    "/cgi-bin/message/custom/send": ("POST", messages.send_custom, True),
    "/cgi-bin/message/template/send": ("POST", messages.send_template, True),
    "/cgi-bin/message/subscribe/bizsend": ("POST", notices.send_notice, True),
    "/wxaapi/newtmpl/gettemplate": ("GET", notices.list_templates, True),
    "/cgi-bin/template/get_all_private_template": ("GET", messages.list_templates, False),
    "/cgi-bin/menu/create": ("POST", menus.create_menu, True),
    "/cgi-bin/menu/get": ("GET", menus.show_menu, False),
    "/cgi-bin/menu/delete": ("GET", menus.delete_menu, True),
    "/cgi-bin/material/add_material": ("POST", articles.add_material, False),
    "/cgi-bin/draft/add": ("POST", articles.add_draft, False),
    "/cgi-bin/freepublish/submit": ("POST", articles.submit, True),
    "/cgi-bin/freepublish/get": ("POST", articles.show, False),
    "/cgi-bin/freepublish/delete": ("POST", articles.delete, True),
    "/datacube/getusersummary": ("POST", statistics.show_changes, False),
    "/datacube/getarticletotaldetail": ("POST", statistics.show_articles, False),
    "/datacube/getusercumulate": ("POST", statistics.show_totals, False),
    "/cgi-bin/qrcode/create": ("POST", followers.create_code, False),
    "/cgi-bin/user/info": ("GET", followers.show_user, False),
    "/cgi-bin/user/info/batchget": ("POST", followers.show_users, False),
    "/cgi-bin/user/get": ("GET", followers.list_users, False),
    "/cgi-bin/ticket/getticket": ("GET", identity.give_ticket, True),
    "/cgi-bin/media/upload": ("POST", upload_media, False),
    "/cgi-bin/getcallbackip": ("GET", list_callback_addresses, False),
}


async def serve(request: Request) -> Response:
    """Answer one Official Account call."""
    box: Sandbox = request.app.state.sandbox
    call = await read_call(box, request)
    return await answer_call(call, OPEN_PATHS.get(call.path, _dispatch), access.make_error)


def _dispatch(call: Call) -> Json:
    entry = PATHS.get(call.path)
    if entry is None:
        raise ApiError(48001, "no such path in the sandbox")
    method, handle, has_envelope = entry
    if call.request.method != method:
        raise ApiError(43001 if method == "GET" else 43002)
    account = access.admit(call)
    result = handle(call, account)
    return {"errcode": 0, "errmsg": "ok"} | result if has_envelope else result
