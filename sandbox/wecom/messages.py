"""App messages to staff: partly failing, silently dropped when too many."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp, StaffMessage
from sandbox.wecom.cards import check_card

KINDS = (
    "text",
    "textcard",
    "markdown",
    "news",
    "mpnews",
    "image",
    "voice",
    "video",
    "file",
    "miniprogram_notice",
    "template_card",
)
LONGEST = {"text": 2048, "markdown": 2048}


def send_message(call: Call, corp: Corp) -> Json:
    if str(call.body.get("agentid", "")) != call.agent_id:
        raise ApiError(301002)
    kind = call.text("msgtype")
    content = call.body.get(kind)
    if kind not in KINDS or not isinstance(content, dict):
        raise ApiError(40058, "msgtype")
    _check_content(kind, content)
    is_repeat = _is_repeated(call, corp)
    if kind == "template_card" and not is_repeat:
        check_card(corp, call.agent_id, content)
    known, unknown = _split_receivers(corp, call.text("touser"))
    if not known:
        raise ApiError(81013)
    msgid = secrets.token_urlsafe(24)
    if not is_repeat:
        for userid in known:
            if not corp.members[userid].has_licence:
                continue
            _deliver(call, corp, userid, kind, content, msgid)
    # The ids in this one field come back in lower case.
    unlicensed = [userid for userid in known if not corp.members[userid].has_licence]
    return {
        "invaliduser": "|".join(unknown).lower(),
        "invalidparty": "",
        "unlicenseduser": "|".join(unlicensed).lower(),
        "msgid": msgid,
    }


def _check_content(kind: str, content: Json) -> None:
    if kind in LONGEST:
        text = content.get("content", "")
        if not text:
            raise ApiError(44004)
        if len(text.encode()) > LONGEST[kind]:
            raise ApiError(40058, "content is too long")
    if kind == "textcard" and not all(content.get(k) for k in ("title", "description", "url")):
        raise ApiError(40058, "textcard needs title, description and url")


def _split_receivers(corp: Corp, touser: str) -> tuple[list[str], list[str]]:
    active = [m.userid for m in corp.members.values() if m.is_active]
    if touser == "@all":
        return active, []
    wanted = [userid for userid in touser.split("|") if userid]
    if len(wanted) > 1000:
        raise ApiError(81017)
    by_lower = {userid.lower(): userid for userid in active}
    known = [by_lower[u.lower()] for u in wanted if u.lower() in by_lower]
    return known, [u for u in wanted if u.lower() not in by_lower]


def _is_repeated(call: Call, corp: Corp) -> bool:
    if not call.body.get("enable_duplicate_check"):
        return False
    seconds = min(int(call.body.get("duplicate_check_interval") or 1800), 4 * 3600)
    parts = {k: v for k, v in call.body.items() if not k.startswith(("enable_", "duplicate_"))}
    text = json.dumps(parts, sort_keys=True)
    key = f"same {corp.corp_id} {sha256(text.encode()).hexdigest()}"
    return call.box.windows.is_over(key, 1, seconds)


def _deliver(call: Call, corp: Corp, userid: str, kind: str, content: Json, msgid: str) -> None:
    settings, key = call.box.world.settings, f"{corp.corp_id} {userid}"
    if call.box.windows.is_over(
        f"staff {key}", settings.staff_message_limit, 60
    ) or call.box.windows.is_over(f"staff hour {key}", settings.staff_message_hour_limit, 3600):
        # Documented: dropped without a word, errcode stays 0.
        call.box.log.add("act", "staff_message_dropped", account=corp.corp_id, outcome="dropped")
        return
    message = StaffMessage(
        call.box.world.take_id(), userid, call.now, kind, dict(content), call.agent_id, msgid
    )
    corp.staff_messages.append(message)


def recall_message(call: Call, corp: Corp) -> Json:
    msgid = call.text("msgid")
    found = [m for m in corp.staff_messages if m.msgid == msgid and m.at > call.now - 86400]
    if not found:
        raise ApiError(41047)
    corp.staff_messages = [m for m in corp.staff_messages if m.msgid != msgid]
    return {}
