"""Subscribe messages: each tick of a person is good for one send of one template."""

from __future__ import annotations

from sandbox.callbacks import REPORT_SECONDS
from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.mini_program.acts import push_items
from sandbox.mini_program.paths import check_page, find_page
from sandbox.mini_program.users import MiniUser, SubscribeSend
from sandbox.state import MiniProgram
from sandbox.subscriptions import SENT, fill, find_template, list_rows, spend

STATES = ("developer", "trial", "formal")


def access_user(program: MiniProgram, openid: str) -> MiniUser:
    user = program.users.get(openid)
    if user is None:
        raise ApiError(40003)
    return user


def send_subscribed(call: Call, program: MiniProgram) -> Json:
    user = access_user(program, call.text("touser"))
    template_id = call.text("template_id")
    template = find_template(program.templates, template_id)
    check_page(program, call.text("page"), 41030)
    if (call.text("miniprogram_state") or "formal") not in STATES:
        raise ApiError(47003, "miniprogram_state")
    text = fill(template.get("content", ""), call.body.get("data"))
    spend(user, template)
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
    push_items(call.box, program, user, SENT, [item], wait_seconds=REPORT_SECONDS)


def list_templates(_call: Call, program: MiniProgram) -> Json:
    return list_rows(program.templates)
