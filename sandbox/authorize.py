"""The OAuth page of both platforms: it knows who holds the phone and sends her on with a code."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from sandbox.runtime import Sandbox
from sandbox.state import OauthCode

COOKIE = "sandbox_person"
# Whose work client is just opening a page beside a chat: `corp:userid`, good for one sign-in.
MEMBER_COOKIE = "sandbox_member"
SCOPES = ("snsapi_base", "snsapi_userinfo", "snsapi_privateinfo")


async def authorize(request: Request) -> Response:
    """Redirect with code and state; refuse in plain words what the real page refuses."""
    box: Sandbox = request.app.state.sandbox
    query = request.query_params
    account, target = query.get("appid", ""), query.get("redirect_uri", "")
    world = box.world
    if account not in world.corps and account not in world.official_accounts:
        return PlainTextResponse("appid 参数错误 (unknown appid)", 400)
    if urlsplit(target).scheme not in ("http", "https"):
        return PlainTextResponse("redirect_uri 参数错误 (bad redirect_uri)", 400)
    scope = query.get("scope", "snsapi_base")
    if query.get("response_type") != "code" or scope not in SCOPES:
        return PlainTextResponse("scope 参数错误 (bad scope or response_type)", 400)
    person, userid = find_holder(box, request, account)
    if not person and not userid:
        return PlainTextResponse("请在微信客户端打开链接 (nobody holds the phone)", 403)
    code = OauthCode(
        secrets.token_urlsafe(24),
        account,
        person,
        userid,
        scope,
        box.clock.now(),
        is_snapshot=query.get("snapshot") == "1",
    )
    world.oauth_codes[code.code] = code
    forget_old_codes(box)
    box.log.add(
        "act",
        "oauth",
        account=account,
        params=world.persons[person].introduce() if person else {"person": userid},
    )
    response = RedirectResponse(add_query(target, code.code, query.get("state", "")), 302)
    response.delete_cookie(MEMBER_COOKIE)
    return response


def add_query(target: str, code: str, state: str) -> str:
    parts = urlsplit(target)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("code", code), ("state", state)]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


def find_holder(box: Sandbox, request: Request, account: str) -> tuple[str, str]:
    """Return (person, "") or ("", userid) of whoever holds the phone, or has the client open."""
    corp_id, _, userid = request.cookies.get(MEMBER_COOKIE, "").partition(":")
    corp = box.world.corps.get(account)
    if "as" not in request.query_params and corp and corp_id == account and userid in corp.members:
        return "", userid
    holder = request.query_params.get("as") or request.cookies.get(COOKIE, "")
    if holder.startswith("member:"):
        userid = holder.removeprefix("member:")
        is_known = any(userid in corp.members for corp in box.world.corps.values())
        return "", userid if is_known else ""
    return (holder, "") if holder in box.world.persons else ("", "")


def forget_old_codes(box: Sandbox) -> None:
    oldest = box.clock.now() - 86400
    codes = box.world.oauth_codes
    box.world.oauth_codes = {k: c for k, c in codes.items() if c.issued_at > oldest}
