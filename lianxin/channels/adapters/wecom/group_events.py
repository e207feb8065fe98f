"""What a callback says of a customer group: that something changed, and sometimes who."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.base import Inbound, as_text, at_unix
from lianxin.channels.adapters.wecom.groups import as_number
from lianxin.channels.adapters.xml import field_text

CHANGES = {"create", "update", "dismiss"}


def parse_group(message: dict[str, Any]) -> list[Inbound]:
    """Read change_external_chat. What it is now is mostly not in it."""
    chat_id, change = field_text(message, "ChatId"), field_text(message, "ChangeType")
    if not chat_id or change not in CHANGES:
        return []
    created = field_text(message, "CreateTime")
    detail = field_text(message, "UpdateDetail")
    current = field_text(message, "CurMemVer")
    return [
        Inbound(
            event="group.changed",
            arrival_key=f"group:{chat_id}:{change}:{detail}:{created}:{current}",
            occurred_at=at_unix(created),
            kind=detail or change,
            raw={
                "chat_id": chat_id,
                "ids": read_ids(message),
                "count": as_number(field_text(message, "MemChangeCnt")),
                "join_scene": as_number(field_text(message, "JoinScene")),
                "quit_scene": as_number(field_text(message, "QuitScene")),
                "last": field_text(message, "LastMemVer"),
                "current": current,
            },
        )
    ]


def read_ids(message: dict[str, Any]) -> list[str]:
    """Return who came or went; one alone is a list, too."""
    found = message.get("MemChangeList")
    items = found.get("Item") if isinstance(found, dict) else None
    return [text for item in items or [] if (text := as_text(item))]
