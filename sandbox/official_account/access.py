"""Who may call for an Official Account."""

from __future__ import annotations

from sandbox import tokens
from sandbox.calls import Call
from sandbox.errors import ApiError, Json, make_official_error
from sandbox.state import OfficialAccount


def make_error(_call: Call, error: ApiError) -> Json:
    return make_official_error(error.code, error.detail)


def find_account(call: Call, app_id: str, secret: str) -> OfficialAccount:
    return tokens.find_holder(call, call.box.world.official_accounts, app_id, secret)


def give_old_token(call: Call) -> Json:
    return tokens.give_old_token(call, call.box.world.official_accounts)


def give_stable_token(call: Call) -> Json:
    return tokens.give_stable_token(call, call.box.world.official_accounts)


def admit(call: Call) -> OfficialAccount:
    return tokens.admit(call, call.box.world.official_accounts)
