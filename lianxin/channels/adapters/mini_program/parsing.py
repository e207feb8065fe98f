"""What a mini-program pushes, as XML or as JSON, to inbound things.

The account chooses the format. In JSON a list of one is written as an object, numbers may be
numbers or texts, and the list of a subscription event stands at the top instead of inside an
element of its own (document "小程序订阅消息", event pushes).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lianxin.channels.adapters.base import TEMPLATE_RECEIPT, Inbound, as_text, at_unix
from lianxin.channels.adapters.envelope import EVENT_KEY_CHARACTERS
from lianxin.channels.adapters.official_account.parsing import identity, parse_message
from lianxin.channels.adapters.reactions import find_row
from lianxin.channels.adapters.xml import MAX_DEPTH, XmlRefused, field_text, parse_xml

PLATFORM = "mini_program"
# Where XML puts the list that JSON has at the top.
LIST_PARENTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
ANSWER_KINDS = {"subscribe_msg_popup_event": "popup", "subscribe_msg_change_event": "change"}


def read_push(body: bytes | str) -> dict[str, Any]:
    """Return the message of a body in either format; anything odd is refused with XmlRefused."""
    if body[:1] not in {b"{", "{"}:
        return parse_xml(body)
    try:
        message = json.loads(body)
        return {name: plain(value, 1) for name, value in message.items()}
    except (ValueError, RecursionError):
        raise XmlRefused("not JSON") from None


def plain(value: Any, depth: int) -> Any:
    """Return a JSON value as the XML parser would give it: texts, dicts and lists only."""
    if depth > MAX_DEPTH:
        raise XmlRefused("too deep")
    if isinstance(value, dict):
        return {name: plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, depth + 1) for inner in value]
    # Half a character outside the basic plane cannot be stored.
    return as_text(value).encode(errors="replace").decode()


def event_key(message: dict[str, Any]) -> str:
    """Name the push by all it says: two results of one second differ only inside their lists."""
    message_id = field_text(message, "MsgId")
    words = f"message:{message_id}" if message_id else json.dumps(message, sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()[:EVENT_KEY_CHARACTERS]


def parse_push(message: dict[str, Any]) -> list[Inbound]:
    if not field_text(message, "FromUserName"):
        return []
    if field_text(message, "MsgType") != "event":
        found = parse_message(message)
        return [found] if found else []
    name = field_text(message, "Event").lower()
    if name == "user_enter_tempsession":
        return [parse_entering(message)]
    parse = parse_result if name == "subscribe_msg_sent_event" else parse_answer
    return [parse(message, item) for item in items_of(message, name)]


def items_of(message: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the entries of a subscription event, however many, wherever they stand."""
    parent = LIST_PARENTS.get(name)
    if parent is None:
        return []
    inner = message.get(parent)
    found = (inner if isinstance(inner, dict) else message).get("List", [])
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, dict) and field_text(one, "TemplateId")]


def parse_entering(message: dict[str, Any]) -> Inbound:
    """Read who opened customer service, and with which words of ours."""
    return Inbound(
        event="contact.added",
        arrival_key=identity(message),
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind="entry",
        external_id=field_text(message, "FromUserName"),
        state=field_text(message, "SessionFrom"),
        raw=message,
    )


def parse_answer(message: dict[str, Any], item: dict[str, Any]) -> Inbound:
    """Read what the person answered for one template: accept or reject."""
    template_id = field_text(item, "TemplateId")
    return Inbound(
        event="subscription.answered",
        arrival_key=f"{identity(message)}:{template_id}",
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind=ANSWER_KINDS[field_text(message, "Event").lower()],
        external_id=field_text(message, "FromUserName"),
        template_id=template_id,
        status=field_text(item, "SubscribeStatusString"),
        raw=item,
    )


def parse_result(message: dict[str, Any], item: dict[str, Any]) -> Inbound:
    message_id, code = field_text(item, "MsgID"), field_text(item, "ErrorCode")
    is_delivered = code == "0"
    return Inbound(
        event="receipt.arrived",
        arrival_key=f"subscribed:{message_id}",
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind=TEMPLATE_RECEIPT,
        external_id=field_text(message, "FromUserName"),
        template_id=field_text(item, "TemplateId"),
        provider_message_id=message_id,
        status="delivered" if is_delivered else "failed",
        reason="" if is_delivered else reason_of(code),
        raw=item,
    )


def reason_of(code: str) -> str:
    return find_row(PLATFORM, int(code) if code.isdecimal() else code).reason
