"""What people do with a mini-program, and the pushes that follow."""

from __future__ import annotations

from sandbox.callbacks import Value
from sandbox.errors import ControlError, Json
from sandbox.mini_program.paths import find_page
from sandbox.mini_program.sessions import issue_code, open_user
from sandbox.mini_program.users import MiniUser
from sandbox.runtime import Sandbox, mini_target
from sandbox.state import MiniProgram, Person
from sandbox.subscriptions import CHANGE, LIST_PARENTS, POPUP, answer, refuse


def push(
    box: Sandbox,
    program: MiniProgram,
    user: MiniUser,
    name: str,
    more: dict[str, Value],
    wait_seconds: float = 0.0,
) -> int:
    fields: dict[str, Value] = {
        "ToUserName": program.original_id,
        "FromUserName": user.openid,
        "CreateTime": box.clock.second(),
    }
    return box.sender.send(mini_target(program), name, fields | more, wait_seconds=wait_seconds)


def push_items(
    box: Sandbox,
    program: MiniProgram,
    user: MiniUser,
    name: str,
    items: list[Json],
    wait_seconds: float = 0.0,
) -> int:
    """Push a subscription event: in JSON one entry is an object, and the list stands at the top."""
    more: dict[str, Value] = {"MsgType": "event", "Event": name}
    if program.data_format == "json":
        more["List"] = items[0] if len(items) == 1 else list(items)
    else:
        more[LIST_PARENTS[name]] = {"List": list(items)}
    return push(box, program, user, name, more, wait_seconds)


def _log(box: Sandbox, program: MiniProgram, person: Person, name: str) -> None:
    params = person.introduce() | {"name": program.name}
    box.log.add("act", name, account=program.app_id, params=params)


def enter(box: Sandbox, program: MiniProgram, person: Person, path: str, query: str) -> Json:
    """Open the mini-program. No push tells of it: only the code of wx.login says who it was."""
    user = open_user(program, person.id)
    _log(box, program, person, "mini_open")
    return {
        "openid": user.openid,
        "js_code": issue_code(program, person.id, "login", box.clock.now()),
        "path": path or next(iter(program.pages), ""),
        "query": query,
        "open_url": find_page(program, query),
    }


def share_phone(box: Sandbox, program: MiniProgram, person: Person) -> Json:
    if not person.phone:
        raise ControlError(409, "no phone number")
    open_user(program, person.id)
    return {"code": issue_code(program, person.id, "phone", box.clock.now())}


def answer_popup(
    box: Sandbox, program: MiniProgram, person: Person, answers: dict[str, str]
) -> Json:
    """Answer the dialog that asks for reminders: each accepted one is good for one message."""
    user = open_user(program, person.id)
    answer(user, program.templates, answers)
    items: list[Json] = [
        {"TemplateId": template_id, "SubscribeStatusString": word, "PopupScene": 0}
        for template_id, word in answers.items()
    ]
    _log(box, program, person, "mini_tick")
    log_id = push_items(box, program, user, POPUP, items)
    return {"openid": user.openid, "ticks": user.ticks, "callbacks": [log_id]}


def switch_off(box: Sandbox, program: MiniProgram, person: Person, template_id: str) -> Json:
    """Refuse a template in the message's own menu. Only refusing is told."""
    user = open_user(program, person.id)
    refuse(user, template_id)
    item: Json = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
    _log(box, program, person, "mini_switch_off")
    log_id = push_items(box, program, user, CHANGE, [item])
    return {"openid": user.openid, "callbacks": [log_id]}


def enter_service(box: Sandbox, program: MiniProgram, person: Person, words: str) -> Json:
    """Open customer service inside the mini-program: two answers within a minute."""
    user = open_user(program, person.id)
    user.entered_at, user.entered_sent = box.clock.now(), 0
    _log(box, program, person, "mini_service")
    name = "user_enter_tempsession"
    more: dict[str, Value] = {"MsgType": "event", "Event": name, "SessionFrom": words}
    log_id = push(box, program, user, name, more)
    return {"openid": user.openid, "chat": f"mini:{program.app_id}", "callbacks": [log_id]}


def write(box: Sandbox, program: MiniProgram, person: Person, text: str) -> Json:
    if not text.strip():
        raise ControlError(422, "nothing to send")
    user = open_user(program, person.id)
    user.message_at, user.message_sent = box.clock.now(), 0
    msgid = 24_000_000_000_000_000 + box.world.take_id()
    more: dict[str, Value] = {"MsgType": "text", "Content": text, "MsgId": msgid}
    log_id = push(box, program, user, "mini_text", more)
    box.deliver(
        person,
        f"mini:{program.app_id}",
        kind="text",
        body={"text": text},
        via="typed",
        side="me",
        provider_id=str(msgid),
        log_id=log_id,
    )
    return {"openid": user.openid, "msgid": msgid, "callbacks": [log_id]}


def mark_risky(program: MiniProgram, person: Person, *, risky: bool) -> Json:
    open_user(program, person.id).is_risky = risky
    return {"risky": risky}
