"""Messages to followers: inside the window by hand, by template at any time."""

from __future__ import annotations

import re

from sandbox.callbacks import REPORT_SECONDS, XmlValue
from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.runtime import official_target
from sandbox.state import Follower, OfficialAccount, TemplateSend, World

MESSAGE_WINDOW, MESSAGE_MOST = 48 * 3600, 5
ACT_WINDOW, ACT_MOST = 60, 3
TEXT_BYTES = 2048
KINDS = (
    "text",
    "image",
    "voice",
    "video",
    "music",
    "news",
    "mpnewsarticle",
    "msgmenu",
    "miniprogrampage",
)
SLOT = re.compile(r"\{\{([0-9A-Za-z_]+)\.DATA\}\}")


def access_follower(account: OfficialAccount, openid: str) -> Follower:
    follower = account.followers.get(openid)
    if follower is None:
        raise ApiError(40003)
    return follower


def send_custom(call: Call, account: OfficialAccount) -> Json:
    follower = access_follower(account, call.text("touser"))
    kind = call.text("msgtype")
    content = call.body.get(kind)
    if kind not in KINDS or not isinstance(content, dict):
        raise ApiError(40058, "msgtype")
    if kind == "text" and not content.get("content"):
        raise ApiError(44004)
    _check_length(kind, content)
    if not follower.is_subscribed:
        raise ApiError(43004)
    _use_window(follower, call.now)
    body = {"text": content["content"]} if kind == "text" else _flatten(kind, content)
    person = call.box.world.persons[follower.person]
    shown = "link" if kind == "news" else kind
    chat = f"official:{account.app_id}"
    call.box.deliver(person, chat, kind=shown, body=body, via="official", sender=account.name)
    return {}


def _check_length(kind: str, content: Json) -> None:
    """Refuse a text that is too long: 45002. The document names no number; 2,048 bytes is seen."""
    if kind == "text" and len(str(content.get("content", "")).encode()) > TEXT_BYTES:
        raise ApiError(45002)


def _flatten(kind: str, content: Json) -> Json:
    articles = content.get("articles") or []
    return dict(articles[0]) if kind == "news" and articles else dict(content)


def _use_window(follower: Follower, now: float) -> None:
    """Count against the message window first, then against the short one after an act."""
    in_message = follower.message_at and now - follower.message_at <= MESSAGE_WINDOW
    in_act = follower.act_at and now - follower.act_at <= ACT_WINDOW
    if in_message and follower.message_sent < MESSAGE_MOST:
        follower.message_sent += 1
    elif in_act and follower.act_sent < ACT_MOST:
        follower.act_sent += 1
    elif in_message or in_act:
        raise ApiError(45047)
    else:
        raise ApiError(45015)


def send_template(call: Call, account: OfficialAccount) -> Json:
    follower = access_follower(account, call.text("touser"))
    if not follower.is_subscribed:
        raise ApiError(43004)
    template = next(
        (t for t in account.templates if t["template_id"] == call.text("template_id")), None
    )
    if template is None:
        raise ApiError(40037)
    text = _fill(template.get("content", ""), call.body.get("data"))
    client_id = call.text("client_msg_id")
    if client_id and client_id in account.client_msg_ids:
        return {"msgid": account.client_msg_ids[client_id]}
    msgid = 200_000_000 + call.box.world.take_id()
    if client_id:
        account.client_msg_ids[client_id] = msgid
    _deliver_template(call, account, follower, template, text, msgid)
    return {"msgid": msgid}


def _fill(content: str, data: object) -> str:
    if not isinstance(data, dict):
        raise ApiError(47003, "data")

    def value_of(match: re.Match[str]) -> str:
        slot = data.get(match[1])
        if not isinstance(slot, dict) or not str(slot.get("value", "")).strip():
            raise ApiError(47003, f"{match[1]}.DATA is empty")
        return str(slot["value"])

    return SLOT.sub(value_of, content)


def _deliver_template(
    call: Call, account: OfficialAccount, follower: Follower, template: Json, text: str, msgid: int
) -> None:
    world: World = call.box.world
    person = world.persons[follower.person]
    is_blocked = account.app_id in person.templates_blocked
    is_broken = call.box.faults.take("template_system_failed", call.path) is not None
    status = "failed: system failed" if is_broken else "success"
    status = "failed:user block" if is_blocked else status
    kept: Json = {k: call.body[k] for k in ("url", "data", "miniprogram") if k in call.body}
    account.templates_sent.append(
        TemplateSend(msgid, follower.openid, template["template_id"], kept, call.now, status)
    )
    if status == "success":
        body = {"title": template.get("title", ""), "text": text, "url": call.text("url")}
        chat = f"official:{account.app_id}"
        call.box.deliver(
            person,
            chat,
            kind="template",
            body=body,
            via="template",
            sender=account.name,
            provider_id=str(msgid),
        )
    _report(call, account, follower, msgid, status)


def _report(
    call: Call, account: OfficialAccount, follower: Follower, msgid: int, status: str
) -> None:
    """Tell by callback whether it arrived: the call's success does not."""
    fields: dict[str, XmlValue] = {
        "ToUserName": account.original_id,
        "FromUserName": follower.openid,
        "CreateTime": call.box.clock.second(),
        "MsgType": "event",
        "Event": "TEMPLATESENDJOBFINISH",
        "MsgID": msgid,
        "Status": status,
    }
    call.box.sender.send(
        official_target(account), "TEMPLATESENDJOBFINISH", fields, wait_seconds=REPORT_SECONDS
    )


def list_templates(_call: Call, account: OfficialAccount) -> Json:
    return {"template_list": account.templates}
