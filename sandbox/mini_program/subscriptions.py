"""Subscribe messages: each tick of a person is good for one send of one template."""

from __future__ import annotations

import re

from sandbox.callbacks import REPORT_SECONDS
from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.mini_program.acts import push_items
from sandbox.mini_program.paths import check_page, find_page
from sandbox.mini_program.users import MiniUser, SubscribeSend
from sandbox.state import MiniProgram

SLOT = re.compile(r"\{\{([0-9A-Za-z_]+)\.DATA\}\}")
STATES = ("developer", "trial", "formal")
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


def access_user(program: MiniProgram, openid: str) -> MiniUser:
    user = program.users.get(openid)
    if user is None:
        raise ApiError(40003)
    return user


def send_subscribed(call: Call, program: MiniProgram) -> Json:
    user = access_user(program, call.text("touser"))
    template_id = call.text("template_id")
    template = next((t for t in program.templates if t["template_id"] == template_id), None)
    if template is None:
        raise ApiError(40037)
    check_page(program, call.text("page"), 41030)
    if (call.text("miniprogram_state") or "formal") not in STATES:
        raise ApiError(47003, "miniprogram_state")
    text = fill(template.get("content", ""), call.body.get("data"))
    _spend(user, template_id)
    sent = SubscribeSend(
        2_000_000_000_000_000_000 + call.box.world.take_id(),
        user.openid,
        template_id,
        call.text("page"),
        text,
        call.now,
    )
    program.sent.append(sent)
    _arrive(call, program, user, sent, template.get("title", ""))
    return {"msgid": sent.msgid}


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


def _spend(user: MiniUser, template_id: str) -> None:
    """Use one tick up; 43101 when none is left, or when she has switched the template off."""
    left = user.ticks.get(template_id, 0)
    if left < 1 or template_id in user.switched_off:
        raise ApiError(43101)
    user.ticks[template_id] = left - 1


def _arrive(
    call: Call, program: MiniProgram, user: MiniUser, sent: SubscribeSend, title: str
) -> None:
    """Show it on the phone, and report later that it came."""
    url = find_page(program, sent.page.partition("?")[2])
    call.box.deliver(
        call.box.world.persons[user.person],
        f"mini:{program.app_id}",
        kind="template",
        body={"title": title, "text": sent.text, "page": sent.page, "url": url},
        via="subscribe",
        sender=program.name,
        provider_id=str(sent.msgid),
    )
    item: Json = {
        "TemplateId": sent.template_id,
        "MsgID": str(sent.msgid),
        "ErrorCode": 0,
        "ErrorStatus": "success",
    }
    name = "subscribe_msg_sent_event"
    push_items(call.box, program, user, name, [item], wait_seconds=REPORT_SECONDS)


def list_templates(_call: Call, program: MiniProgram) -> Json:
    """List what may be ticked here, in the words of the subscribe API."""
    rows = [
        {
            "priTmplId": template["template_id"],
            "title": template.get("title", ""),
            "content": template.get("content", ""),
            "example": "",
            "type": 2,
        }
        for template in program.templates
    ]
    return {"data": rows}
