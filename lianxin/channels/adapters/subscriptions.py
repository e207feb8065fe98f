"""The three events of subscribe messages, of a mini-program and of an Official Account.

XML puts the list into an element of its own, JSON at the top; a list of one is an object in JSON
(document "小程序订阅消息", event pushes; "订阅通知的事件推送" of the Official Account).
"""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.base import TEMPLATE_RECEIPT, Inbound, at_unix
from lianxin.channels.adapters.reactions import find_row
from lianxin.channels.adapters.xml import field_text

POPUP, CHANGE = "subscribe_msg_popup_event", "subscribe_msg_change_event"
SENT = "subscribe_msg_sent_event"
LIST_PARENTS = {
    POPUP: "SubscribeMsgPopupEvent",
    CHANGE: "SubscribeMsgChangeEvent",
    SENT: "SubscribeMsgSentEvent",
}
ANSWER_KINDS = {POPUP: "popup", CHANGE: "change"}
# Both platforms name the same codes; the mini-program's rows have them.
CODES = "mini_program"


def parse_subscriptions(message: dict[str, Any]) -> list[Inbound]:
    """Return one thing per entry; none when the event is another one."""
    name = field_text(message, "Event").lower()
    parse = parse_result if name == SENT else parse_answer
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


def identity(message: dict[str, Any]) -> str:
    """Events have no id of their own: sender, second and name together are one."""
    names = ("Event", "FromUserName", "CreateTime")
    return ":".join(field_text(message, name) for name in names)


def parse_answer(message: dict[str, Any], item: dict[str, Any]) -> Inbound:
    """Read what the person answered for one template: accept, reject, or a word to come."""
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
    return find_row(CODES, int(code) if code.isdecimal() else code).reason
