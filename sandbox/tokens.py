"""Tokens of WeChat's own accounts: the old kind invalidates, the stable kind does not."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Protocol, TypeVar

from sandbox.calls import Call, is_over_limit, parse_body
from sandbox.errors import ApiError, Json
from sandbox.state import Token

TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
FORCED_PER_DAY = 20
FORCED_APART = 30


class TokenHolder(Protocol):
    """An account with an app id, a secret, and the tokens it was given."""

    app_id: str
    secret: str
    ip_white_list: list[str]
    tokens: dict[str, Token]
    forced_at: list[float]


Holder = TypeVar("Holder", bound=TokenHolder)


def find_holder(call: Call, holders: Mapping[str, Holder], app_id: str, secret: str) -> Holder:
    account = holders.get(app_id)
    if account is None:
        raise ApiError(40013)
    call.account = account.app_id
    if account.secret != secret:
        raise ApiError(40125)
    host = call.host()
    if account.ip_white_list and host not in account.ip_white_list:
        raise ApiError(40164, f"{host} ipv6 ::ffff:{host}, not in whitelist")
    return account


def _newest(account: TokenHolder, kind: str, now: float) -> Token | None:
    live = [
        t
        for t in account.tokens.values()
        if t.agent_id == kind and t.expires_at > now and not t.is_revoked
    ]
    return max(live, key=lambda t: t.expires_at, default=None)


def _issue(account: TokenHolder, kind: str, now: float) -> Token:
    kept = {k: t for k, t in account.tokens.items() if t.expires_at > now - 86400}
    token = Token(secrets.token_urlsafe(96), kind, now + TOKEN_SECONDS)
    account.tokens = kept | {token.value: token}
    return token


def _answer(token: Token, now: float) -> Json:
    return {"access_token": token.value, "expires_in": max(1, int(token.expires_at - now))}


def give_old_token(call: Call, holders: Mapping[str, Holder]) -> Json:
    """Give a new token; the one before works for five more minutes."""
    if call.query.get("grant_type") != "client_credential":
        raise ApiError(40058, "grant_type")
    query = call.query
    account = find_holder(call, holders, query.get("appid", ""), query.get("secret", ""))
    if is_over_limit(call):
        raise ApiError(45009)
    for token in account.tokens.values():
        if token.agent_id == "old":
            token.expires_at = min(token.expires_at, call.now + OVERLAP_SECONDS)
    return _answer(_issue(account, "old", call.now), call.now)


def give_stable_token(call: Call, holders: Mapping[str, Holder]) -> Json:
    """Give the same token until its last five minutes; then a new one, and both work."""
    parse_body(call)
    if call.body.get("grant_type") != "client_credential":
        raise ApiError(40058, "grant_type")
    account = find_holder(call, holders, call.text("appid"), call.text("secret"))
    if is_over_limit(call):
        raise ApiError(45009)
    if call.body.get("force_refresh"):
        return _answer(_force(account, call.now), call.now)
    token = _newest(account, "stable", call.now)
    if token is None or token.expires_at - call.now <= OVERLAP_SECONDS:
        token = _issue(account, "stable", call.now)
    return _answer(token, call.now)


def _force(account: TokenHolder, now: float) -> Token:
    account.forced_at = [at for at in account.forced_at if at > now - 86400]
    too_soon = account.forced_at and now - account.forced_at[-1] < FORCED_APART
    if too_soon or len(account.forced_at) >= FORCED_PER_DAY:
        raise ApiError(45009, "force_refresh")
    account.forced_at.append(now)
    for token in account.tokens.values():
        if token.agent_id == "stable":
            token.is_revoked = True
    return _issue(account, "stable", now)


def admit(call: Call, holders: Mapping[str, Holder]) -> Holder:
    """Find whose token this is."""
    parse_body(call)
    value = call.query.get("access_token", "")
    if not value:
        raise ApiError(41001)
    account = next((one for one in holders.values() if value in one.tokens), None)
    if account is None:
        raise ApiError(40001)
    token = account.tokens[value]
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
