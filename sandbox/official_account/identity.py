"""Web sign-in for the Official Account: code, user token, user info, page ticket."""

from __future__ import annotations

import secrets
from hashlib import sha1

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.official_account.access import find_account
from sandbox.state import OauthCode, OfficialAccount, derive, make_openid

CODE_SECONDS = 300
TOKEN_SECONDS = 7200


def _take_code(call: Call, account: OfficialAccount) -> OauthCode:
    code = call.box.world.oauth_codes.get(call.query.get("code", ""))
    if code is None or code.account != account.app_id:
        raise ApiError(40029)
    if code.is_used:
        raise ApiError(40163)
    if call.now - code.issued_at > CODE_SECONDS:
        raise ApiError(42003)
    code.is_used = True
    return code


def exchange_code(call: Call) -> Json:
    account = find_account(call, call.query.get("appid", ""), call.query.get("secret", ""))
    code = _take_code(call, account)
    openid = make_openid(account.app_id, code.person)
    if code.is_snapshot:
        openid = derive("oSNAP", account.app_id, code.code, size=23)
    answer = _issue(call, account, openid, code.person, code.scope)
    if code.is_snapshot:
        return answer | {"is_snapshotuser": 1}
    return answer


def _issue(call: Call, account: OfficialAccount, openid: str, person_id: str, scope: str) -> Json:
    token, refresh = secrets.token_urlsafe(64), secrets.token_urlsafe(64)
    kept = {"openid": openid, "person": person_id, "scope": scope, "app_id": account.app_id}
    tokens = call.box.world.oauth_tokens
    tokens[token] = kept | {"expires_at": call.now + TOKEN_SECONDS, "kind": "access"}
    tokens[refresh] = kept | {"expires_at": call.now + 30 * 86400, "kind": "refresh"}
    answer: Json = {
        "access_token": token,
        "expires_in": TOKEN_SECONDS,
        "refresh_token": refresh,
        "openid": openid,
        "scope": scope,
    }
    union_id = call.box.world.persons[person_id].union_id
    if scope == "snsapi_userinfo" and account.is_bound and union_id:
        answer["unionid"] = union_id
    return answer


def _take_token(call: Call, value: str, kind: str) -> Json:
    token = call.box.world.oauth_tokens.get(value)
    if token is None or token["kind"] != kind:
        raise ApiError(40014)
    call.account = token["app_id"]
    if token["expires_at"] <= call.now:
        raise ApiError(42001)
    return token


def refresh_token(call: Call) -> Json:
    token = _take_token(call, call.query.get("refresh_token", ""), "refresh")
    account = call.box.world.official_accounts[token["app_id"]]
    return _issue(call, account, token["openid"], token["person"], token["scope"])


def show_profile(call: Call) -> Json:
    token = _take_token(call, call.query.get("access_token", ""), "access")
    if token["scope"] != "snsapi_userinfo":
        raise ApiError(48001)
    person = call.box.world.persons[token["person"]]
    account = call.box.world.official_accounts[token["app_id"]]
    answer: Json = {
        "openid": token["openid"],
        "nickname": person.name,
        # Seen as a text and as a number; readers must take both.
        "sex": "0",
        "headimgurl": "",
        "privilege": [],
    }
    return answer | ({"unionid": person.union_id} if account.is_bound else {})


def check_token(call: Call) -> Json:
    _take_token(call, call.query.get("access_token", ""), "access")
    return {"errcode": 0, "errmsg": "ok"}


def make_ticket(account: OfficialAccount, now: float) -> str:
    return derive("sM4AOV", account.app_id, str(int(now // 7200)), size=40)


def give_ticket(call: Call, account: OfficialAccount) -> Json:
    return {"ticket": make_ticket(account, call.now), "expires_in": 7200 - int(call.now) % 7200}


def is_signed(account: OfficialAccount, page: str, given: Json, now: float) -> bool:
    """Check a page's signature by the client's own sum, over the address that the page has."""
    stamp, nonce = given.get("timestamp", ""), given.get("nonceStr", "")
    ticket = make_ticket(account, now)
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={stamp}&url={page}"
    digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
    return digest == given.get("signature")
