"""What both platforms know of subscribe messages: answers, what values may hold, the events.

A one-time template is good for one message per yes, a long-term one until it is switched off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from sandbox.errors import ApiError, ControlError, Json

ANSWERS = ("accept", "reject")
LONG_TERM = "long_term"
# What a listed template says of itself: document getTemplateList, 2 one-time and 3 long-term.
TYPES = {"one_time": 2, LONG_TERM: 3}
POPUP, CHANGE = "subscribe_msg_popup_event", "subscribe_msg_change_event"
SENT = "subscribe_msg_sent_event"
# Where XML puts the list that JSON has at the top.
LIST_PARENTS = {
    POPUP: "SubscribeMsgPopupEvent",
    CHANGE: "SubscribeMsgChangeEvent",
    SENT: "SubscribeMsgSentEvent",
}
SLOT = re.compile(r"\{\{([0-9A-Za-z_]+)\.DATA\}\}")
# Document subscribeMessage.send: what the value of a key may be, by the word before its number.
VALUES = {
    "thing": r"[^\r\n]{1,20}",
    "number": r"-?[0-9]{1,32}(\.[0-9]+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[!-~]{1,32}",
    "time": r"[^\r\n]*[0-9]{1,2}:[0-9]{2}[^\r\n]*",
    "date": r"[^\r\n]*[0-9]{1,4}[-/.年月][^\r\n]*",
    "amount": r"[^\w\s]?[0-9]{1,10}(\.[0-9]+)?元?",
    "phone_number": r"[0-9+() -]{1,17}",
    "car_number": r"[^\r\n]{1,8}",
    "name": r"[A-Za-z .·-]{1,20}|[^\r\n]{1,10}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
}


class Ticker(Protocol):
    """Whoever says yes to templates: how often of each, and which are switched off."""

    ticks: dict[str, int]
    switched_off: list[str]


def find_template(templates: Sequence[Json], template_id: str) -> Json:
    for template in templates:
        if template["template_id"] == template_id:
            return template
    raise ApiError(40037)


def fill(content: str, data: object) -> str:
    """Fill the template in, checking each key by its kind; every key of it must be there."""
    if not isinstance(data, dict):
        raise ApiError(47003, "data")

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        slot = data.get(name)
        value = slot.get("value") if isinstance(slot, dict) else None
        text = str(value) if isinstance(value, str | int | float) else ""
        pattern = VALUES.get(name.rstrip("0123456789"))
        if not text.strip() or (pattern and not re.fullmatch(pattern, text)):
            raise ApiError(47003, f"data.{name}.value invalid")
        return text

    return SLOT.sub(value_of, content)


def answer(ticker: Ticker, templates: Sequence[Json], answers: dict[str, str]) -> None:
    """Answer the dialog that asks for reminders: each accepted one is good for one message."""
    known = {template["template_id"] for template in templates}
    if not answers or not set(answers) <= known or not set(answers.values()) <= set(ANSWERS):
        raise ControlError(422, "answers: {template_id: accept or reject}")
    for template_id, word in answers.items():
        if word == "accept":
            ticker.ticks[template_id] = ticker.ticks.get(template_id, 0) + 1
            ticker.switched_off = [one for one in ticker.switched_off if one != template_id]


def refuse(ticker: Ticker, template_id: str) -> None:
    """Switch a template off in the message's own menu."""
    if template_id not in ticker.switched_off:
        ticker.switched_off.append(template_id)


def spend(ticker: Ticker, template: Json) -> None:
    """Use one tick up; 43101 when none is left, or when the template was switched off."""
    template_id = template["template_id"]
    left = ticker.ticks.get(template_id, 0)
    if left < 1 or template_id in ticker.switched_off:
        raise ApiError(43101)
    if template.get("kind") != LONG_TERM:
        ticker.ticks[template_id] = left - 1


def list_rows(templates: Sequence[Json]) -> Json:
    """List what may be ticked here, in the words of the subscribe API."""
    rows = [
        {
            "priTmplId": template["template_id"],
            "title": template.get("title", ""),
            "content": template.get("content", ""),
            "example": "",
            "type": TYPES.get(template.get("kind", ""), TYPES["one_time"]),
        }
        for template in templates
    ]
    return {"data": rows}


def describe_ticks(templates: Sequence[Json], ticker: Ticker | None) -> list[Json]:
    """Say for the phone which reminders can be ticked, and how many ticks are left of each."""
    return [
        {
            "template_id": template["template_id"],
            "title": template.get("title", ""),
            "ticks": ticker.ticks.get(template["template_id"], 0) if ticker else 0,
            "is_long_term": template.get("kind") == LONG_TERM,
            "is_off": bool(ticker and template["template_id"] in ticker.switched_off),
        }
        for template in templates
    ]
