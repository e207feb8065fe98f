"""The menu under the chat of an Official Account."""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import OfficialAccount

# Document 自定义菜单创建; lengths in bytes.
BUTTONS, SUB_BUTTONS = 3, 5
NAME_BYTES, SUB_NAME_BYTES, KEY_BYTES, URL_BYTES = 16, 60, 128, 1024
# Each kind, what it must carry, and the codes for too long and for wrong.
KINDS = {
    "click": ("key", KEY_BYTES, 40019),
    "view": ("url", URL_BYTES, 40020),
    "miniprogram": ("url", URL_BYTES, 40020),
}


def create_menu(call: Call, account: OfficialAccount) -> Json:
    buttons = call.body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS:
        raise ApiError(40016)
    for button in buttons:
        _check(button, NAME_BYTES, 40018)
        sub = button.get("sub_button") or []
        if len(sub) > SUB_BUTTONS:
            raise ApiError(40023)
        for one in sub:
            _check(one, SUB_NAME_BYTES, 40025)
            _check_press(one)
        if not sub:
            _check_press(button)
    account.menu = buttons
    call.box.log.touch()
    return {}


def _check(button: Json, most: int, code: int) -> None:
    if not 0 < len(str(button.get("name", "")).encode()) <= most:
        raise ApiError(code)


def _check_press(button: Json) -> None:
    kind = KINDS.get(str(button.get("type", "")))
    if kind is None:
        raise ApiError(40017)
    name, most, code = kind
    value = str(button.get(name, ""))
    if not 0 < len(value.encode()) <= most:
        raise ApiError(code)
    if name == "url" and not value.startswith(("http://", "https://")):
        raise ApiError(40055)


def show_menu(_call: Call, account: OfficialAccount) -> Json:
    if not account.menu:
        raise ApiError(46003)
    return {"menu": {"button": account.menu}}


def delete_menu(call: Call, account: OfficialAccount) -> Json:
    account.menu = []
    call.box.log.touch()
    return {}
