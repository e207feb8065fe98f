"""Template cards in app messages: shown to a member, pressed once, and changed by the app after."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.callbacks import XmlValue
from sandbox.calls import Call
from sandbox.errors import ApiError, ControlError, Json
from sandbox.runtime import Sandbox, corp_target
from sandbox.state import CardCode, Corp, StaffMessage

KINDS = (
    "text_notice",
    "news_notice",
    "button_interaction",
    "vote_interaction",
    "multiple_interaction",
)
NOTICES = ("text_notice", "news_notice")
TASK_ID = re.compile(r"[0-9a-zA-Z_@-]{1,128}")
MOST_BUTTONS = 6
MOST_JUMPS = 3
MOST_LINES = 6
# The documents give 42027 to 42052 for a card's faults and do not say here which is which.
FAULTY = 42027
CODE_SECONDS = 72 * 3600


def check_card(corp: Corp, agent_id: str, card: Mapping[str, Any]) -> None:
    """Refuse what the documents refuse: unknown kind, missing parts, a task id used before."""
    kind = str(card.get("card_type", ""))
    if kind not in KINDS:
        raise ApiError(FAULTY, "card_type")
    action = card.get("card_action") or {}
    if kind in NOTICES and not (action.get("type") in (1, 2) and action):
        raise ApiError(FAULTY, "card_action")
    if action.get("type") == 1 and not action.get("url"):
        raise ApiError(FAULTY, "card_action.url")
    title = (card.get("main_title") or {}).get("title")
    if not title and not card.get("sub_title_text"):
        raise ApiError(FAULTY, "main_title.title or sub_title_text")
    if len(card.get("jump_list") or []) > MOST_JUMPS:
        raise ApiError(FAULTY, "jump_list")
    if len(card.get("horizontal_content_list") or []) > MOST_LINES:
        raise ApiError(FAULTY, "horizontal_content_list")
    check_task_id(corp, agent_id, card, is_needed=kind not in NOTICES)
    if kind == "button_interaction":
        check_buttons(corp, card.get("button_list"))


def check_task_id(corp: Corp, agent_id: str, card: Mapping[str, Any], *, is_needed: bool) -> None:
    task_id = str(card.get("task_id") or "")
    if not task_id and not is_needed:
        return
    used = {m.body.get("task_id") for m in corp.staff_messages if m.agent_id == agent_id}
    if not TASK_ID.fullmatch(task_id) or task_id in used:
        raise ApiError(FAULTY, "task_id")


def check_buttons(corp: Corp, buttons: object) -> None:
    if not corp.callback.url:
        raise ApiError(FAULTY, "interactive cards need a callback url")
    if not isinstance(buttons, list) or not 0 < len(buttons) <= MOST_BUTTONS:
        raise ApiError(FAULTY, "button_list")
    keys = [button.get("key") for button in buttons if isinstance(button, dict)]
    if len(set(keys)) != len(buttons) or not all(button.get("text") for button in buttons):
        raise ApiError(FAULTY, "button_list")


def press_card(box: Sandbox, corp: Corp, userid: str, message_id: int, key: str) -> Json:
    """Press one button: the app is told, with a code for changing the card, good once."""
    message = find_message(corp, userid, message_id)
    buttons = message.body.get("button_list") or []
    if key not in [button.get("key") for button in buttons] or message.answer:
        raise ControlError(409, "this card has no such button")
    code = CardCode(secrets.token_urlsafe(40), userid, message_id, box.clock.now())
    corp.card_codes[code.code] = code
    message.answer = "…"
    fields: dict[str, XmlValue] = {
        "ToUserName": corp.corp_id,
        "FromUserName": userid,
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "template_card_event",
        "EventKey": key,
        "TaskId": str(message.body.get("task_id", "")),
        "CardType": str(message.body.get("card_type", "")),
        "ResponseCode": code.code,
        "AgentID": message.agent_id,
    }
    box.log.add("act", "card_pressed", account=corp.corp_id, params={"key": key})
    log_id = box.sender.send(corp_target(corp), "template_card_event", fields, message.agent_id)
    return {"callbacks": [log_id], "response_code": code.code}


def find_message(corp: Corp, userid: str, message_id: int) -> StaffMessage:
    for message in corp.staff_messages:
        if message.id == message_id and message.userid == userid:
            return message
    raise ControlError(404, "no such message")


def update_card(call: Call, corp: Corp) -> Json:
    """Change a card by the code of its press: within 72 hours, once, for the members named."""
    code = corp.card_codes.get(call.text("response_code"))
    is_dead = code is None or code.is_used or call.now - code.issued_at > CODE_SECONDS
    if code is None or is_dead:
        # The documents say once and 72 hours, and give no code of their own for it.
        raise ApiError(40058, "response_code is used or expired")
    if str(call.body.get("agentid", "")) != call.agent_id:
        raise ApiError(301002)
    words = (call.body.get("button") or {}).get("replace_name")
    card = call.body.get("template_card")
    if not words and not isinstance(card, dict):
        raise ApiError(40058, "button or template_card")
    wanted = [str(userid) for userid in call.body.get("userids") or []]
    code.is_used = True
    message = find_message(corp, code.userid, code.message_id)
    if code.userid in wanted:
        message.answer = str(words or "")
        message.body = dict(card) if isinstance(card, dict) else message.body
    return {"invaliduser": [userid for userid in wanted if userid not in corp.members]}
