"""What a mini-program pushes, as XML or as JSON, to inbound things.

The account chooses the format. In JSON a list of one is written as an object, numbers may be
numbers or texts.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lianxin.channels.adapters.base import Inbound, as_text, at_unix
from lianxin.channels.adapters.envelope import EVENT_KEY_CHARACTERS
from lianxin.channels.adapters.official_account.parsing import parse_message
from lianxin.channels.adapters.subscriptions import identity, parse_subscriptions
from lianxin.channels.adapters.xml import MAX_DEPTH, XmlRefused, field_text, parse_xml


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
    return parse_subscriptions(message)


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
