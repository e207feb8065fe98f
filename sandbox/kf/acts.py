"""What people and servicers do in customer service."""

from __future__ import annotations

from sandbox.errors import ControlError, Json
from sandbox.kf.sessions import (
    ENDED,
    HUMAN,
    NEW,
    call_back,
    find_session,
    make_code,
    open_session,
    record,
    record_event,
    tell_authorised,
)
from sandbox.kf_state import KfAccount
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Person

WELCOME_QUIET_SECONDS = 48 * 3600


def enter(
    box: Sandbox, corp: Corp, account: KfAccount, person: Person, scene: str, scene_param: str
) -> Json:
    """Open the chat from a link; a welcome code only if she has been quiet for 48 hours."""
    external, session = open_session(corp, account, person.id)
    session.entered_at = box.clock.now()
    session.scene, session.scene_param = scene, scene_param
    event: Json = {
        "event_type": "enter_session",
        "external_userid": external,
        "scene": scene,
        "scene_param": scene_param,
    }
    if box.clock.now() - session.last_customer_at > WELCOME_QUIET_SECONDS:
        event["welcome_code"] = make_code(box, corp, account, person.id, "welcome")
    record_event(box, account, event)
    box.log.add("act", "kf_enter", account=account.open_kfid, params=person.introduce())
    log_id = call_back(box, corp, account)
    chat = f"kf:{account.open_kfid}"
    return {"external_userid": external, "chat": chat, "callbacks": [log_id]}


def write(box: Sandbox, corp: Corp, account: KfAccount, person: Person, data: Json) -> Json:
    """Send a customer's message: opens the window anew and wakes an ended session."""
    kind = data.get("msgtype") or "text"
    content = data.get(kind)
    if isinstance(content, str):
        content = {"content": content}
    if not isinstance(content, dict) or (kind == "text" and not content.get("content")):
        raise ControlError(422, "nothing to send")
    external, session = open_session(corp, account, person.id)
    current = find_session(account, external, box.clock.now()) or session
    if current.state == ENDED:
        current.state, current.was_handed_on = NEW, False
    current.last_customer_at = current.last_at = box.clock.now()
    current.sent_count = 0
    body = {
        "open_kfid": account.open_kfid,
        "external_userid": external,
        "origin": 3,
        "msgtype": kind,
        kind: content,
    }
    msgid = record(box, account, body)
    log_id = call_back(box, corp, account)
    shown = {"text": content["content"]} if kind == "text" else dict(content)
    box.deliver(
        person,
        f"kf:{account.open_kfid}",
        kind=kind,
        body=shown,
        via="typed",
        side="me",
        provider_id=msgid,
        log_id=log_id,
    )
    return {"external_userid": external, "msgid": msgid, "callbacks": [log_id]}


def press(
    box: Sandbox, corp: Corp, account: KfAccount, person: Person, menu_id: str, text: str
) -> Json:
    """Press an item of the newest menu that has it: her words, with the item's id."""
    for message in reversed(person.inbox):
        if message.chat != f"kf:{account.open_kfid}" or message.kind != "msgmenu":
            continue
        for item in message.body.get("list") or []:
            click = item.get("click") or {}
            if item.get("type") == "click" and (menu_id or text) in (click["id"], click["content"]):
                words = {"content": click["content"], "menu_id": click["id"]}
                return write(box, corp, account, person, {"msgtype": "text", "text": words})
    raise ControlError(404, "no menu has this item")


def recall(box: Sandbox, corp: Corp, account: KfAccount, person: Person, msgid: str) -> Json:
    """Take her own message back; without an id her latest one."""
    external, _session = open_session(corp, account, person.id)
    mine = [
        m
        for m in person.inbox
        if m.chat == f"kf:{account.open_kfid}" and m.side == "me" and msgid in ("", m.provider_id)
    ]
    if not mine:
        raise ControlError(404, "nothing to take back")
    person.inbox.remove(mine[-1])
    record_event(
        box,
        account,
        {
            "event_type": "user_recall_msg",
            "external_userid": external,
            "recall_msgid": mine[-1].provider_id,
        },
    )
    return {"callbacks": [call_back(box, corp, account)]}


def refuse(corp: Corp, account: KfAccount, person: Person, fail_type: int | None) -> Json:
    external, session = open_session(corp, account, person.id)
    session.fail_type = fail_type
    return {"external_userid": external}


def take(box: Sandbox, corp: Corp, account: KfAccount, person: Person, userid: str) -> Json:
    """Let a servicer take the session in her client: 1 from the pool, 4 woken, 2 handed on."""
    external, session = open_session(corp, account, person.id)
    before = session.servicer if session.state == HUMAN else ""
    change = 2 if before else 4 if session.state == ENDED else 1
    event: Json = {
        "event_type": "session_status_change",
        "external_userid": external,
        "change_type": change,
        "new_servicer_userid": userid,
    }
    if change == 2:
        event["old_servicer_userid"] = before
    if change == 1:
        event["msg_code"] = make_code(box, corp, account, person.id, "reply")
    session.state, session.servicer = HUMAN, userid
    session.last_at = box.clock.now()
    record_event(box, account, event)
    box.log.add("act", "kf_take", account=account.open_kfid, params=person.introduce())
    return {"service_state": HUMAN, "callbacks": [call_back(box, corp, account)]}


def end(box: Sandbox, corp: Corp, account: KfAccount, person: Person, userid: str) -> Json:
    external, session = open_session(corp, account, person.id)
    if session.state != HUMAN:
        raise ControlError(409, "no servicer has this session")
    event: Json = {
        "event_type": "session_status_change",
        "external_userid": external,
        "change_type": 3,
        "old_servicer_userid": userid,
        "msg_code": make_code(box, corp, account, person.id, "ending"),
    }
    session.state, session.servicer = ENDED, ""
    record_event(box, account, event)
    box.log.add("act", "kf_end", account=account.open_kfid, params=person.introduce())
    return {"service_state": ENDED, "callbacks": [call_back(box, corp, account)]}


def pause(box: Sandbox, corp: Corp, account: KfAccount, userid: str, *, paused: bool) -> Json:
    """Stop or go on receiving; the product is told."""
    if userid not in account.servicers:
        raise ControlError(409, "no servicer of this account")
    account.paused = [one for one in account.paused if one != userid] + ([userid] if paused else [])
    event: Json = {
        "event_type": "servicer_status_change",
        "servicer_userid": userid,
        "status": 2 if paused else 1,
        "stop_type": 0,
    }
    record_event(box, account, event)
    return {"callbacks": [call_back(box, corp, account)]}


def servicer_recalls(
    box: Sandbox, corp: Corp, account: KfAccount, person: Person, userid: str
) -> Json:
    """Take the servicer's latest message to this person back."""
    external, _session = open_session(corp, account, person.id)
    theirs = [
        r.body["msgid"]
        for r in account.records
        if r.body.get("origin") == 5
        and r.body.get("servicer_userid") == userid
        and r.body.get("external_userid") == external
    ]
    if not theirs:
        raise ControlError(404, "nothing to take back")
    person.inbox = [m for m in person.inbox if m.provider_id != theirs[-1]]
    event: Json = {
        "event_type": "servicer_recall_msg",
        "external_userid": external,
        "recall_msgid": theirs[-1],
        "servicer_userid": userid,
    }
    record_event(box, account, event)
    return {"callbacks": [call_back(box, corp, account)]}


def servicer_writes(
    box: Sandbox, corp: Corp, account: KfAccount, person: Person, userid: str, text: str
) -> Json:
    external, session = open_session(corp, account, person.id)
    callbacks = []
    if session.state != HUMAN or session.servicer != userid:
        callbacks += take(box, corp, account, person, userid)["callbacks"]
    body: Json = {
        "open_kfid": account.open_kfid,
        "external_userid": external,
        "origin": 5,
        "servicer_userid": userid,
        "msgtype": "text",
        "text": {"content": text},
    }
    msgid = record(box, account, body)
    member = corp.members.get(userid)
    box.deliver(
        person,
        f"kf:{account.open_kfid}",
        kind="text",
        body={"text": text},
        via="typed",
        sender=member.name if member else userid,
        provider_id=msgid,
    )
    callbacks.append(call_back(box, corp, account))
    return {"msgid": msgid, "callbacks": callbacks}


def authorise(box: Sandbox, corp: Corp, open_kfids: list[str], *, allowed: bool) -> Json:
    """Let the app answer for these accounts, or no more: one event names them all."""
    for open_kfid in open_kfids:
        if open_kfid not in corp.kf:
            raise ControlError(404, f"no customer-service account {open_kfid!r}")
        corp.kf[open_kfid].is_managed = allowed
    return {"callbacks": [tell_authorised(box, corp, open_kfids, allowed=allowed)]}
