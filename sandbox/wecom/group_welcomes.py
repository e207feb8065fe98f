"""Welcomes for groups (入群欢迎语素材): kept for the members, who choose one in their client."""

from __future__ import annotations

import secrets

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.group_state import GroupWelcome
from sandbox.state import Corp, StaffMessage
from sandbox.wecom.attachments import check_content

MOST_WELCOMES = 100
LONGEST_TEXT = 3000
KINDS = ("image", "link", "miniprogram", "file", "video")


def _read_body(call: Call, corp: Corp) -> Json:
    body = {name: call.body[name] for name in ("text", *KINDS) if call.body.get(name)}
    text = str((body.get("text") or {}).get("content", ""))
    if len(text.encode()) > LONGEST_TEXT:
        raise ApiError(40058, "text is longer than 3000 bytes")
    # Of several attachments the first in this order counts.
    kind = next((name for name in KINDS if name in body), "")
    attachments = [{"msgtype": kind, kind: body[kind]}] if kind else []
    check_content(corp, {"text": body.get("text"), "attachments": attachments}, call.now)
    return body


def add_welcome(call: Call, corp: Corp) -> Json:
    body = _read_body(call, corp)
    if len(corp.groups.welcomes) >= MOST_WELCOMES:
        raise ApiError(41055)
    template_id = f"msg{secrets.token_hex(12)}"
    corp.groups.welcomes[template_id] = GroupWelcome(template_id, body, call.agent_id)
    if call.body.get("notify") != 0:
        _tell_members(call, corp, template_id)
    return {"template_id": template_id}


def _tell_members(call: Call, corp: Corp, template_id: str) -> None:
    """Tell who may use it; not telling has to be asked for."""
    for userid, member in corp.members.items():
        if member.is_active:
            corp.staff_messages.append(
                StaffMessage(
                    call.box.world.take_id(),
                    userid,
                    call.now,
                    "group_welcome",
                    {"template_id": template_id},
                    call.agent_id,
                    "",
                )
            )


def access_welcome(call: Call, corp: Corp) -> GroupWelcome:
    welcome = corp.groups.welcomes.get(call.text("template_id"))
    if welcome is None:
        raise ApiError(40058, "template_id")
    if welcome.agent_id != call.agent_id:
        raise ApiError(301002)
    return welcome


def edit_welcome(call: Call, corp: Corp) -> Json:
    welcome = access_welcome(call, corp)
    welcome.body = _read_body(call, corp)
    return {}


def show_welcome(call: Call, corp: Corp) -> Json:
    return dict(access_welcome(call, corp).body)


def delete_welcome(call: Call, corp: Corp) -> Json:
    del corp.groups.welcomes[access_welcome(call, corp).template_id]
    return {}
