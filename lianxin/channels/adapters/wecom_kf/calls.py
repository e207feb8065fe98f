"""WeChat customer service: reading messages page by page, and the session's state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lianxin.channels.adapters.base import Inbound, as_text, at_unix, cut_bytes
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.reactions import find_row, load_facts

PAGE = 1000
# What `scene` may not have in it (document 94665).
NO_SCENE = re.compile(r"[^0-9a-zA-Z_-]")
FROM_CUSTOMER = 3
FROM_SERVICER = 5
MEDIA_KINDS = {"image", "voice", "video", "file"}
# Rows that say why a message that was taken did not arrive (msg_send_fail.fail_type).
FAILURES = "kf_failure"
# session_status_change.change_type, and the state that the session is in afterwards.
CHANGES = {"1": ("taken", 3), "2": ("handed_on", 3), "3": ("ended", 4), "4": ("resumed", 3)}


@dataclass(frozen=True)
class Page:
    """One page of sync_msg. An empty one may still have more behind it."""

    cursor: str
    has_more: bool
    arrivals: list[Inbound]


async def sync_page(provider: Provider, *, cursor: str, token: str) -> Page:
    open_kfid = provider.account.setting("open_kfid")
    body: dict[str, Any] = {"limit": PAGE, "open_kfid": open_kfid}
    if cursor:
        body["cursor"] = cursor
    if token:
        body["token"] = token
    answer = await provider.post("/cgi-bin/kf/sync_msg", body)
    messages = [one for one in answer.get("msg_list") or [] if isinstance(one, dict)]
    arrivals = [arrival for one in messages if (arrival := parse_message(one)) is not None]
    has_more = as_text(answer.get("has_more")) not in {"", "0"}
    return Page(as_text(answer.get("next_cursor")) or cursor, has_more, arrivals)


def parse_message(message: dict[str, Any]) -> Inbound | None:
    """Translate one synced message; None for what concerns nobody here."""
    if as_text(message.get("msgtype")) == "event":
        return parse_event(message)
    message_id = as_text(message.get("msgid"))
    external_id = as_text(message.get("external_userid"))
    if not message_id or not external_id:
        return None
    kind = as_text(message.get("msgtype")) or "unknown"
    content = message.get(kind)
    content = content if isinstance(content, dict) else {}
    is_ours = as_text(message.get("origin")) == str(FROM_SERVICER)
    return Inbound(
        event="message.arrived",
        arrival_key=f"message:{message_id}",
        occurred_at=at_unix(message.get("send_time")),
        kind=kind,
        external_id=external_id,
        # Written by a member in the client: the console shows it, the patient did not say it.
        staff_userid=as_text(message.get("servicer_userid")) if is_ours else "",
        text=text_of(kind, content),
        media_id=as_text(content.get("media_id")) if kind in MEDIA_KINDS else "",
        provider_message_id=message_id,
        status="from_staff" if is_ours else "",
        menu_id=as_text(content.get("menu_id")) if kind == "text" else "",
        raw=message,
    )


def text_of(kind: str, content: dict[str, Any]) -> str:
    names = {"text": "content", "location": "name", "link": "title", "miniprogram": "title"}
    return as_text(content.get(names.get(kind, "content")))


def parse_event(message: dict[str, Any]) -> Inbound | None:
    """Translate an event; its ids are inside `event`, not beside the message id."""
    event = message.get("event")
    if not isinstance(event, dict):
        return None
    parse = EVENT_PARSERS.get(as_text(event.get("event_type")))
    return parse(message, event) if parse else None


def parse_entry(message: dict[str, Any], event: dict[str, Any]) -> Inbound:
    return Inbound(
        event="contact.added",
        arrival_key=f"entry:{as_text(message.get('msgid'))}",
        occurred_at=at_unix(message.get("send_time")),
        kind="entry",
        external_id=as_text(event.get("external_userid")),
        state=as_text(event.get("scene_param")) or as_text(event.get("scene")),
        welcome_code=as_text(event.get("welcome_code")),
        raw=message,
    )


def parse_failure(message: dict[str, Any], event: dict[str, Any]) -> Inbound:
    kind = as_text(event.get("fail_type"))
    return Inbound(
        event="receipt.arrived",
        arrival_key=f"failure:{as_text(event.get('fail_msgid'))}",
        occurred_at=at_unix(message.get("send_time")),
        kind="receipt",
        external_id=as_text(event.get("external_userid")),
        provider_message_id=as_text(event.get("fail_msgid")),
        status="failed",
        reason=find_row(FAILURES, int(kind) if kind.isdigit() else 0).reason,
        raw=message,
    )


def parse_session(message: dict[str, Any], event: dict[str, Any]) -> Inbound:
    """Read a change made in the client. Its code allows one message, like a welcome's."""
    kind, state = CHANGES.get(as_text(event.get("change_type")), ("session", None))
    userid = event.get("new_servicer_userid") or event.get("old_servicer_userid")
    return Inbound(
        event="session.changed",
        arrival_key=f"session:{as_text(message.get('msgid'))}",
        occurred_at=at_unix(message.get("send_time")),
        kind=kind,
        external_id=as_text(event.get("external_userid")),
        staff_userid=as_text(userid),
        welcome_code=as_text(event.get("msg_code")),
        status="" if state is None else str(state),
        raw=message,
    )


def parse_servicer(message: dict[str, Any], event: dict[str, Any]) -> Inbound:
    """Read that a servicer stopped receiving, or goes on."""
    return Inbound(
        event="servicer.changed",
        arrival_key=f"servicer:{as_text(message.get('msgid'))}",
        occurred_at=at_unix(message.get("send_time")),
        kind="servicer",
        staff_userid=as_text(event.get("servicer_userid")),
        status="paused" if as_text(event.get("status")) == "2" else "receiving",
        raw=message,
    )


def parse_recall(message: dict[str, Any], event: dict[str, Any]) -> Inbound:
    return Inbound(
        event="message.arrived",
        arrival_key=f"recall:{as_text(event.get('recall_msgid'))}",
        occurred_at=at_unix(message.get("send_time")),
        kind="recall",
        external_id=as_text(event.get("external_userid")),
        provider_message_id=as_text(event.get("recall_msgid")),
        raw=message,
    )


EVENT_PARSERS = {
    "enter_session": parse_entry,
    "msg_send_fail": parse_failure,
    "servicer_status_change": parse_servicer,
    "session_status_change": parse_session,
    "user_recall_msg": parse_recall,
    "servicer_recall_msg": parse_recall,
}


async def session_state(provider: Provider, external_id: str) -> int:
    answer = await provider.post(
        "/cgi-bin/kf/service_state/get",
        {"open_kfid": provider.account.setting("open_kfid"), "external_userid": external_id},
    )
    state = as_text(answer.get("service_state"))
    return int(state) if state.isdigit() else 0


async def make_link(provider: Provider, scene: str, key: str = "") -> str:
    """Return the address that opens the chat, with what tells one place from another on it.

    `scene` is the sort of place, `key` the place itself: both come back when somebody enters.
    """
    limits = load_facts()
    answer = await provider.post(
        "/cgi-bin/kf/add_contact_way",
        {
            "open_kfid": provider.account.setting("open_kfid"),
            "scene": NO_SCENE.sub("", scene)[: limits["kf_scene_characters"]],
        },
    )
    return with_param(as_text(answer.get("url")), cut_bytes(key, limits["kf_scene_param_bytes"]))


def with_param(url: str, key: str) -> str:
    if not url or not key:
        return url
    return f"{url}{'&' if '?' in url else '?'}scene_param={quote(key, safe='')}"


async def count_servicers(provider: Provider) -> int:
    """Count who serves the account: members, and departments as one each."""
    open_kfid = provider.account.setting("open_kfid")
    answer = await provider.get("/cgi-bin/kf/servicer/list", open_kfid=open_kfid)
    return len(answer.get("servicer_list") or [])
