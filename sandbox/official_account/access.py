"""Tokens of an Official Account: the old kind invalidates, the stable kind does not."""

from __future__ import annotations

import secrets

from sandbox.calls import Call, is_over_limit, parse_body
from sandbox.errors import ApiError, Json, make_official_error
from sandbox.state import OfficialAccount, Token

TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
FORCED_PER_DAY = 20
FORCED_APART = 30


def make_error(_call: Call, error: ApiError) -> Json:
    return make_official_error(error.code, error.detail)


def find_account(call: Call, app_id: str, secret: str) -> OfficialAccount:
    account = call.box.world.official_accounts.get(app_id)
    if account is None:
        raise ApiError(40013)
    call.account = account.app_id
    if account.secret != secret:
        raise ApiError(40125)
    return account


def _newest(account: OfficialAccount, kind: str, now: float) -> Token | None:
    live = [
        t
        for t in account.tokens.values()
        if t.agent_id == kind and t.expires_at > now and not t.is_revoked
    ]
    return max(live, key=lambda t: t.expires_at, default=None)


def _issue(account: OfficialAccount, kind: str, now: float) -> Token:
    kept = {k: t for k, t in account.tokens.items() if t.expires_at > now - 86400}
    token = Token(secrets.token_urlsafe(96), kind, now + TOKEN_SECONDS)
    account.tokens = kept | {token.value: token}
    return token


def _answer(token: Token, now: float) -> Json:
    return {"access_token": token.value, "expires_in": max(1, int(token.expires_at - now))}


def give_old_token(call: Call) -> Json:
    """Give a new token; the one before works for five more minutes."""
    if call.query.get("grant_type") != "client_credential":
        raise ApiError(40058, "grant_type")
    account = find_account(call, call.query.get("appid", ""), call.query.get("secret", ""))
    if is_over_limit(call):
        raise ApiError(45009)
    for token in account.tokens.values():
        if token.agent_id == "old":
            token.expires_at = min(token.expires_at, call.now + OVERLAP_SECONDS)
    return _answer(_issue(account, "old", call.now), call.now)


def give_stable_token(call: Call) -> Json:
    """Give the same token until its last five minutes; then a new one, and both work."""
    parse_body(call)
    if call.body.get("grant_type") != "client_credential":
        raise ApiError(40058, "grant_type")
    account = find_account(call, call.text("appid"), call.text("secret"))
    if is_over_limit(call):
        raise ApiError(45009)
    if call.body.get("force_refresh"):
        return _answer(_force(account, call.now), call.now)
    token = _newest(account, "stable", call.now)
    if token is None or token.expires_at - call.now <= OVERLAP_SECONDS:
        token = _issue(account, "stable", call.now)
    return _answer(token, call.now)


def _force(account: OfficialAccount, now: float) -> Token:
    account.forced_at = [at for at in account.forced_at if at > now - 86400]
    too_soon = account.forced_at and now - account.forced_at[-1] < FORCED_APART
    if too_soon or len(account.forced_at) >= FORCED_PER_DAY:
        raise ApiError(45009, "force_refresh")
    account.forced_at.append(now)
    for token in account.tokens.values():
        if token.agent_id == "stable":
            token.is_revoked = True
    return _issue(account, "stable", now)


def admit(call: Call) -> OfficialAccount:
    """Find whose token this is."""
    parse_body(call)
    value = call.query.get("access_token", "")
    if not value:
        raise ApiError(41001)
    account, token = _find_token(call, value)
    call.account = account.app_id
    if call.request.state.dead_token:
        token.is_revoked = True
    if token.is_revoked:
        raise ApiError(40014)
    if token.expires_at <= call.now:
        raise ApiError(42001)
    if is_over_limit(call):
        raise ApiError(45009)
    return account


def _find_token(call: Call, value: str) -> tuple[OfficialAccount, Token]:
    for account in call.box.world.official_accounts.values():
        if token := account.tokens.get(value):
            return account, token
    raise ApiError(40001)
