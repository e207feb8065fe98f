"""What people and members do in WeCom, and the callbacks that follow."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.callbacks import XmlValue
from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox, corp_target
from sandbox.state import ContactWay, Corp, Member, Person, Relation, make_external_userid
from sandbox.wecom.archive_records import is_archived, keep_recall, keep_said
from sandbox.wecom.contacts import find_relation, relation_key
from sandbox.wecom.mass import confirm_task
from sandbox.wecom.welcome import issue_code

FRIENDS = ("active", "half")


def scan(box: Sandbox, corp: Corp, way: ContactWay, person: Person, *, is_half: bool) -> Json:
    """Add the member behind the code; a friend already only opens the chat."""
    if way.body.get("unionid") not in (None, "", person.union_id):
        raise ControlError(409, "this temporary code is for somebody else")
    external = make_external_userid(corp.corp_id, person.id)
    member = choose_member(corp, way, external)
    known = find_relation(corp, member.userid, external)
    chat = f"wecom:{corp.corp_id}:{member.userid}"
    label = way.body.get("remark") or way.body.get("state") or way.config_id
    box.log.add("act", "scan", account=corp.corp_id, params=person.introduce() | {"code": label})
    if known and known.state in FRIENDS:
        return {
            "external_userid": external,
            "userid": member.userid,
            "chat": chat,
            "already": True,
        }
    relation = known or Relation(member.userid, external, person.id)
    corp.relations[relation_key(member.userid, external)] = relation
    relation.state = "half" if is_half else "active"
    relation.code_state = str(way.body.get("state", ""))
    relation.added_at, relation.last_at = box.clock.second(), box.clock.now()
    relation.has_chatted = False
    greet(box, corp, relation)
    code = issue_code(box, corp, relation)
    change = "add_half_external_contact" if is_half else "add_external_contact"
    log_id = change_contact(box, corp, relation, change, welcome_code=code, with_state=True)
    return {
        "external_userid": external,
        "userid": member.userid,
        "welcome_code": code,
        "chat": chat,
        "callbacks": [log_id],
    }


def choose_member(corp: Corp, way: ContactWay, external_userid: str) -> Member:
    users = [corp.members[u] for u in way.body.get("user") or [] if u in corp.members]
    active = [m for m in users if m.is_active]
    if not active:
        raise ControlError(409, "nobody behind this code is active")
    if way.body.get("is_exclusive"):
        for member in active:
            if find_relation(corp, member.userid, external_userid):
                return member
    way.turn += 1
    return active[(way.turn - 1) % len(active)]


def greet(box: Sandbox, corp: Corp, relation: Relation) -> None:
    """Show the client's own line; not a message."""
    person = box.world.persons[relation.person]
    member = corp.members[relation.userid]
    box.deliver(
        person,
        f"wecom:{corp.corp_id}:{relation.userid}",
        kind="note",
        body={"note": "friend_added", "name": member.name},
        via="client",
        side="system",
    )


def change_contact(
    box: Sandbox,
    corp: Corp,
    relation: Relation,
    change: str,
    *,
    welcome_code: str = "",
    with_state: bool = False,
    extra: Mapping[str, XmlValue] | None = None,
) -> int:
    """Send change_external_contact; what does not apply is absent, not empty."""
    fields: dict[str, XmlValue] = {
        "ToUserName": corp.corp_id,
        "FromUserName": "sys",
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": change,
        "UserID": relation.userid,
        "ExternalUserID": relation.external_userid,
    }
    if with_state and relation.code_state:
        fields["State"] = relation.code_state
    if welcome_code:
        fields["WelcomeCode"] = welcome_code
    fields |= extra or {}
    return box.sender.send(corp_target(corp), change, fields, contact_agent(corp))


def contact_agent(corp: Corp) -> str:
    return next((app.agent_id for app in corp.apps if "contact" in app.rights), "")


def access_relation(corp: Corp, userid: str, person: Person) -> Relation:
    external = make_external_userid(corp.corp_id, person.id)
    relation = find_relation(corp, userid, external)
    if relation is None:
        raise ControlError(404, "they do not know each other")
    return relation


def end_by_customer(box: Sandbox, corp: Corp, userid: str, person: Person) -> Json:
    relation = access_relation(corp, userid, person)
    relation.state = "removed_by_customer"
    box.log.add("act", "delete_member", account=corp.corp_id, params=person.introduce())
    return {"callbacks": [change_contact(box, corp, relation, "del_follow_user")]}


def end_by_member(box: Sandbox, corp: Corp, userid: str, person: Person) -> Json:
    relation = access_relation(corp, userid, person)
    relation.state = "removed_by_member"
    box.log.add("act", "delete_contact", account=corp.corp_id, params=person.introduce())
    return {"callbacks": [change_contact(box, corp, relation, "del_external_contact")]}


def confirm_contact(box: Sandbox, corp: Corp, userid: str, person: Person) -> Json:
    """Make a half contact a friend. The half event's code, once used, is not given again."""
    relation = access_relation(corp, userid, person)
    if relation.state != "half":
        raise ControlError(409, "not waiting for confirmation")
    relation.state = "active"
    codes = [
        c
        for c in corp.welcome_codes.values()
        if c.userid == userid and c.external_userid == relation.external_userid
    ]
    is_used = any(c.status == "delivered" for c in codes)
    code = "" if is_used else issue_code(box, corp, relation)
    log_id = change_contact(
        box, corp, relation, "add_external_contact", welcome_code=code, with_state=True
    )
    return {"welcome_code": code, "callbacks": [log_id]}


def edit_contact(box: Sandbox, corp: Corp, userid: str, person: Person, remark: str) -> Json:
    relation = access_relation(corp, userid, person)
    relation.remark["remark"] = remark
    return {"callbacks": [change_contact(box, corp, relation, "edit_external_contact")]}


def chat(
    box: Sandbox, corp: Corp, userid: str, person: Person, text: str, *, by_member: bool
) -> Json:
    """Write in the 1:1 chat: no callback; only a chat archive has it, where there is one."""
    if not text.strip():
        raise ControlError(422, "nothing to send")
    relation = access_relation(corp, userid, person)
    if relation.state != "active":
        raise ControlError(409, "not friends")
    relation.has_chatted, relation.last_at = True, box.clock.now()
    member = corp.members[userid]
    msgid = ""
    if is_archived(corp, userid):
        pair = (userid, relation.external_userid)
        sender, receiver = pair if by_member else pair[::-1]
        msgid = keep_said(box, corp, sender, receiver, text)
    box.deliver(
        person,
        f"wecom:{corp.corp_id}:{userid}",
        kind="text",
        body={"text": text},
        via="typed",
        side="them" if by_member else "me",
        sender=member.name,
        provider_id=msgid,
    )
    name = "member_chat" if by_member else "chat"
    box.log.add("act", name, account=corp.corp_id, outcome="unseen")
    return {"callbacks": []}


def recall(box: Sandbox, corp: Corp, userid: str, person: Person, *, by_member: bool) -> Json:
    """Take back the newest line that one of both typed in the 1:1 chat."""
    relation = access_relation(corp, userid, person)
    chat_key, side = f"wecom:{corp.corp_id}:{userid}", "them" if by_member else "me"
    mine = [
        one
        for one in person.inbox
        if one.chat == chat_key and one.side == side and one.via == "typed"
    ]
    if not mine:
        raise ControlError(409, "nothing to take back")
    person.inbox.remove(mine[-1])
    box.log.touch()
    if is_archived(corp, userid) and mine[-1].provider_id:
        pair = (userid, relation.external_userid)
        sender, receiver = pair if by_member else pair[::-1]
        keep_recall(box, corp, sender, receiver, mine[-1].provider_id)
    return {"callbacks": []}


def confirm_mass(
    box: Sandbox, corp: Corp, userid: str, msgid: str, chosen: list[str] | None
) -> Json:
    task = corp.tasks.get(msgid)
    if task is None:
        raise ControlError(404, "no such task")
    if task.is_cancelled:
        raise ControlError(409, "this task was cancelled")
    if userid not in {item.userid for item in task.items}:
        raise ControlError(409, "this task is not for this member")
    counts = confirm_task(box, corp, task, userid, chosen)
    name = corp.members[userid].name
    box.log.add("act", "confirm_mass", account=corp.corp_id, params={"member": name} | counts)
    return {"counts": counts}


def leave(box: Sandbox, corp: Corp, member: Member) -> Json:
    """End the job: the app hears `unsubscribe`, the contacts callback `delete_user`."""
    member.is_active, member.left_at = False, box.clock.second()
    fields: dict[str, XmlValue] = {
        "ToUserName": corp.corp_id,
        "FromUserName": member.userid,
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "unsubscribe",
        "EventKey": "",
    }
    callbacks = []
    for app in corp.apps:
        whole = fields | {"AgentID": app.agent_id}
        callbacks.append(box.sender.send(corp_target(corp), "unsubscribe", whole, app.agent_id))
    if corp.contacts_callback.url:
        gone: dict[str, XmlValue] = fields | {
            "FromUserName": "sys",
            "Event": "change_contact",
            "ChangeType": "delete_user",
            "UserID": member.userid,
        }
        callbacks.append(box.sender.send(corp_target(corp, "contacts"), "delete_user", gone))
    box.log.add("act", "leave", account=corp.corp_id, params={"member": member.name})
    return {"callbacks": callbacks}
