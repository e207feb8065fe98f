"""Tokens of a corp's apps, and the check every other call passes."""

from __future__ import annotations

import secrets

from sandbox.calls import Call, is_over_limit, parse_body
from sandbox.errors import ApiError, Json, make_wecom_error
from sandbox.state import App, Corp, Token

TOKEN_SECONDS = 7200
WRONG_SECRETS_PER_HOUR = 30


def make_error(call: Call, error: ApiError) -> Json:
    return make_wecom_error(error.code, error.detail, call.box.clock.second(), call.host())


def give_token(call: Call) -> Json:
    corp = call.box.world.corps.get(call.query.get("corpid", ""))
    if corp is None:
        raise ApiError(40013, "invalid corpid")
    call.account = corp.corp_id
    app = next((a for a in corp.apps if a.secret == call.query.get("corpsecret")), None)
    if app is None:
        _count_wrong_secret(call)
        raise ApiError(40001, "invalid corpsecret")
    if is_over_limit(call):
        raise ApiError(45009)
    token = _valid_token(corp, app, call.now) or _make_token(corp, app, call.now)
    left = max(1, int(token.expires_at - call.now))
    return {"errcode": 0, "errmsg": "ok", "access_token": token.value, "expires_in": left}


def _count_wrong_secret(call: Call) -> None:
    if call.box.windows.is_over("wrong secret", WRONG_SECRETS_PER_HOUR, 3600):
        raise ApiError(45009, "wrong secret too often, ip blocked for an hour")


def _valid_token(corp: Corp, app: App, now: float) -> Token | None:
    for token in corp.tokens.values():
        if token.agent_id == app.agent_id and token.expires_at > now and not token.is_revoked:
            return token
    return None


def _make_token(corp: Corp, app: App, now: float) -> Token:
    token = Token(secrets.token_urlsafe(120), app.agent_id, now + TOKEN_SECONDS)
    # Old ones stay a day, so that a late caller hears "expired" and not "invalid".
    corp.tokens = {k: t for k, t in corp.tokens.items() if t.expires_at > now - 86400}
    corp.tokens[token.value] = token
    return token


def admit(call: Call, right: str) -> Corp:
    """Find whose token this is; refuse dead tokens, missing rights, and too many calls."""
    parse_body(call)
    value = call.query.get("access_token")
    if not value:
        raise ApiError(41001)
    corp, token = _find_token(call, value)
    call.account, call.agent_id = corp.corp_id, token.agent_id
    if call.request.state.dead_token:
        token.is_revoked = True
    if token.is_revoked:
        raise ApiError(40014)
    if token.expires_at <= call.now:
        raise ApiError(42001)
    _check_app(call, corp, token.agent_id, right)
    if is_over_limit(call):
        raise ApiError(45009)
    return corp


def _check_app(call: Call, corp: Corp, agent_id: str, right: str) -> None:
    app = next((a for a in corp.apps if a.agent_id == agent_id), None)
    if app is None:
        raise ApiError(50003)
    if app.trusted_ips and call.host() not in app.trusted_ips:
        raise ApiError(60020)
    if right and right not in app.rights:
        raise ApiError(48002)


def _find_token(call: Call, value: str) -> tuple[Corp, Token]:
    for corp in call.box.world.corps.values():
        if token := corp.tokens.get(value):
            return corp, token
    raise ApiError(40014)


def list_callback_addresses(_call: Call, _corp: Corp) -> Json:
    return {"ip_list": ["127.0.0.1"]}
