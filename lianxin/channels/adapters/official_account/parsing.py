"""Official Account messages and events to inbound things."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lianxin.channels.adapters.base import TEMPLATE_RECEIPT, Inbound, as_count, at_unix
from lianxin.channels.adapters.official_account.articles import read_examined
from lianxin.channels.adapters.reactions import find_row
from lianxin.channels.adapters.subscriptions import identity, parse_subscriptions
from lianxin.channels.adapters.xml import field_text

SUBSCRIBE_PREFIX = "qrscene_"
TEXT_FIELDS = {
    "text": "Content",
    "location": "Label",
    "link": "Title",
    "voice": "Recognition",
    "miniprogrampage": "Title",
}
# What a report says after "failed:"; it is written with and without a space.
TEMPLATE_REASONS = {
    "user block": "patient_refuses",
    "system failed": "platform_failed",
}
# Who was meant, who was left after the filters, who got it, who did not.
MASS_COUNTS = ("TotalCount", "FilterCount", "SentCount", "ErrorCount")
MASS_ERROR = re.compile(r"err\((\d{1,9})\)")
# Rows that say why a mass send was refused.
MASS_ERRORS = "official_mass"


def parse_message(message: dict[str, Any]) -> Inbound | None:
    message_id, openid = field_text(message, "MsgId"), field_text(message, "FromUserName")
    if not message_id or not openid:
        return None
    kind = field_text(message, "MsgType") or "unknown"
    return Inbound(
        event="message.arrived",
        arrival_key=f"message:{message_id}",
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind=kind,
        external_id=openid,
        text=field_text(message, TEXT_FIELDS.get(kind, "Content")),
        media_id=field_text(message, "MediaId"),
        provider_message_id=message_id,
        menu_id=field_text(message, "bizmsgmenuid"),
        raw=message,
    )


def parse_event(message: dict[str, Any]) -> list[Inbound]:
    if not field_text(message, "FromUserName"):
        return []
    parse = EVENT_PARSERS.get(field_text(message, "Event").lower())
    if parse is None:
        return parse_subscriptions(message)
    found = parse(message)
    return [found] if found else []


def parse_following(message: dict[str, Any]) -> Inbound:
    """Read a new follower, or one who scanned: only the first carries the prefix."""
    is_new = field_text(message, "Event").lower() == "subscribe"
    return Inbound(
        event="contact.added",
        arrival_key=identity(message),
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind="follow" if is_new else "scan",
        external_id=field_text(message, "FromUserName"),
        state=field_text(message, "EventKey").removeprefix(SUBSCRIBE_PREFIX),
        raw=message,
    )


def parse_leaving(message: dict[str, Any]) -> Inbound:
    return Inbound(
        event="contact.removed",
        arrival_key=identity(message),
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind="by_patient",
        external_id=field_text(message, "FromUserName"),
        raw=message,
    )


def parse_click(message: dict[str, Any]) -> Inbound:
    return Inbound(
        event="message.arrived",
        arrival_key=f"{identity(message)}:{field_text(message, 'EventKey')}",
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind="menu",
        external_id=field_text(message, "FromUserName"),
        text=field_text(message, "EventKey"),
        raw=message,
    )


def parse_view(message: dict[str, Any]) -> Inbound:
    """Read that a page was opened from the menu: nobody here has to do anything about it."""
    return Inbound(
        event="menu.viewed",
        arrival_key=identity(message),
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind="view",
        external_id=field_text(message, "FromUserName"),
    )


def parse_template_result(message: dict[str, Any]) -> Inbound:
    status, _colon, why = field_text(message, "Status").lower().partition(":")
    is_delivered = status.strip() == "success"
    message_id = field_text(message, "MsgID") or field_text(message, "MsgId")
    return Inbound(
        event="receipt.arrived",
        arrival_key=f"template:{message_id}",
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind=TEMPLATE_RECEIPT,
        external_id=field_text(message, "FromUserName"),
        provider_message_id=message_id,
        status="delivered" if is_delivered else "failed",
        reason="" if is_delivered else TEMPLATE_REASONS.get(why.strip(), "provider_refused"),
        raw=message,
    )


def parse_publication(message: dict[str, Any]) -> Inbound | None:
    """Read how an examination ended. No person is meant, whoever the sender is said to be."""
    told = message.get("PublishEventInfo")
    found = read_examined(told if isinstance(told, dict) else {})
    if not found.publish_id:
        return None
    return Inbound(
        event="publication.told",
        arrival_key=f"publication:{found.publish_id}:{found.status}",
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind="publication",
        provider_message_id=found.publish_id,
        raw=asdict(found),
    )


def parse_mass_send(message: dict[str, Any]) -> Inbound | None:
    """Read what became of a mass send that somebody made on the platform's own site."""
    message_id = field_text(message, "MsgID") or field_text(message, "MsgId")
    if not message_id:
        return None
    status = field_text(message, "Status").replace(" ", "").lower()
    return Inbound(
        event="mass_send.told",
        arrival_key=f"mass:{message_id}",
        occurred_at=at_unix(field_text(message, "CreateTime")),
        kind="mass",
        provider_message_id=message_id,
        status="delivered" if status == "sendsuccess" else "failed",
        reason="" if status == "sendsuccess" else mass_reason(status),
        raw={name: as_count(field_text(message, name)) for name in MASS_COUNTS},
    )


def mass_reason(status: str) -> str:
    """Return why nothing was sent: `err(number)` names what the examination found."""
    found = MASS_ERROR.fullmatch(status)
    if found:
        return find_row(MASS_ERRORS, int(found[1])).reason
    return "platform_failed" if status == "sendfail" else "provider_refused"


EVENT_PARSERS: dict[str, Callable[[dict[str, Any]], Inbound | None]] = {
    "subscribe": parse_following,
    "scan": parse_following,
    "unsubscribe": parse_leaving,
    "click": parse_click,
    "view": parse_view,
    "masssendjobfinish": parse_mass_send,
    "publishjobfinish": parse_publication,
    "templatesendjobfinish": parse_template_result,
}
