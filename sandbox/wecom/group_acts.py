"""What people do in customer groups, and the callbacks that follow. The talk itself has none."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sandbox.callbacks import Value
from sandbox.errors import ControlError, Json
from sandbox.group_state import INSIDE, OUTSIDE, Group, GroupMember, GroupMoment, JoinWay
from sandbox.runtime import Sandbox, corp_target
from sandbox.state import Corp, Member, Person, make_external_userid
from sandbox.wecom.acts import contact_agent
from sandbox.wecom.archive_records import is_archived, keep_group_said
from sandbox.wecom.attachments import list_parts
from sandbox.wecom.group_welcomes import KINDS
from sandbox.wecom.join_ways import MOST_GROUPS

# JoinScene and QuitScene of the callback; `get` numbers joining differently.
TOLD_INVITED, TOLD_SCANNED = 0, 3
TOLD_LEFT, TOLD_REMOVED = 0, 1
GET_INVITED, GET_SCANNED = 1, 3


def access_group(corp: Corp, chat_id: str) -> Group:
    group = corp.groups.chats.get(chat_id)
    if group is None:
        raise ControlError(404, f"no group {chat_id!r}")
    return group


def chat_key(corp: Corp, group: Group) -> str:
    return f"group:{corp.corp_id}:{group.chat_id}"


def tell(box: Sandbox, corp: Corp, group: Group, change: str, **more: Value) -> int:
    """Send change_external_chat; fields that do not apply are absent."""
    fields: Mapping[str, Value] = {
        "ToUserName": corp.corp_id,
        "FromUserName": "sys",
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "change_external_chat",
        "ChatId": group.chat_id,
        "ChangeType": change,
        **more,
    }
    return box.sender.send(corp_target(corp), "change_external_chat", fields, contact_agent(corp))


def renew(group: Group) -> dict[str, Value]:
    """Give the membership a new version; returns both for the callback."""
    last, group.member_version = group.member_version, secrets.token_hex(16)
    return {"LastMemVer": last, "CurMemVer": group.member_version}


def note(box: Sandbox, corp: Corp, group: Group, kind: str, name: str) -> None:
    """Show one grey line on every phone in the group."""
    for person in people_in(box, group):
        body = {"note": kind, "name": name}
        box.deliver(
            person, chat_key(corp, group), kind="note", body=body, via="group", side="system"
        )


def people_in(box: Sandbox, group: Group) -> list[Person]:
    found = (box.world.persons.get(one.person) for one in group.members.values() if one.person)
    return [person for person in found if person is not None]


# Making, naming, ending


def create_group(
    box: Sandbox, corp: Corp, owner: Member, name: str, people: list[Person], inside: list[str]
) -> Json:
    """Make a group in the client, with whom the owner chose."""
    group = _make(box, corp, owner.userid, name)
    for userid in inside:
        if userid not in corp.members:
            raise ControlError(404, f"no member {userid!r}")
        _put(box, group, GroupMember(userid, INSIDE, invitor=owner.userid))
    for person in people:
        _put(box, group, _outside(corp, person, GET_INVITED, invitor=owner.userid))
    note(box, corp, group, "group_made", owner.name)
    box.log.add("act", "group_create", account=corp.corp_id, params={"name": name})
    return {"chat_id": group.chat_id, "callbacks": [tell(box, corp, group, "create")]}


def _make(box: Sandbox, corp: Corp, owner: str, name: str) -> Group:
    if not name.strip():
        raise ControlError(422, "name is missing")
    chat_id = f"wr{secrets.token_hex(15)}"
    group = Group(chat_id, name, owner, box.clock.second(), member_version=secrets.token_hex(16))
    corp.groups.chats[chat_id] = group
    _put(box, group, GroupMember(owner, INSIDE))
    return group


def _outside(
    corp: Corp, person: Person, scene: int, *, invitor: str = "", state: str = ""
) -> GroupMember:
    external = make_external_userid(corp.corp_id, person.id)
    return GroupMember(external, OUTSIDE, person.id, join_scene=scene, invitor=invitor, state=state)


def _put(box: Sandbox, group: Group, member: GroupMember) -> None:
    member.joined_at = box.clock.second()
    group.members[member.id] = member
    group.moments.append(GroupMoment(box.clock.now(), "join", member.id))


def rename(box: Sandbox, corp: Corp, group: Group, name: str) -> Json:
    group.name = name
    note(box, corp, group, "group_renamed", name)
    told = tell(box, corp, group, "update", UpdateDetail="change_name")
    return {"callbacks": [told]}


def put_notice(box: Sandbox, corp: Corp, group: Group, text: str) -> Json:
    group.notice = text
    for person in people_in(box, group):
        _show_notice(box, corp, group, person)
    told = tell(box, corp, group, "update", UpdateDetail="change_notice")
    return {"callbacks": [told]}


def _show_notice(box: Sandbox, corp: Corp, group: Group, person: Person) -> None:
    body = {"text": group.notice, "is_notice": True}
    name = corp.members[group.owner].name
    box.deliver(person, chat_key(corp, group), kind="text", body=body, via="group", sender=name)


def change_owner(box: Sandbox, corp: Corp, group: Group, userid: str) -> Json:
    if userid not in corp.members:
        raise ControlError(404, f"no member {userid!r}")
    group.owner = userid
    if userid not in group.members:
        _put(box, group, GroupMember(userid, INSIDE))
    told = tell(box, corp, group, "update", UpdateDetail="change_owner")
    return {"callbacks": [told]}


def dismiss(box: Sandbox, corp: Corp, group: Group) -> Json:
    note(box, corp, group, "group_dismissed", group.name)
    del corp.groups.chats[group.chat_id]
    return {"callbacks": [tell(box, corp, group, "dismiss")]}


# Coming and going


def join_by_scan(box: Sandbox, corp: Corp, way: JoinWay, person: Person) -> Json:
    """Join the first group of the way with room; all full: the way makes another, if it may."""
    external = make_external_userid(corp.corp_id, person.id)
    groups = [
        corp.groups.chats[one] for one in way.body["chat_id_list"] if one in corp.groups.chats
    ]
    box.log.add(
        "act",
        "group_scan",
        account=corp.corp_id,
        params=person.introduce() | {"code": way.body.get("remark") or way.config_id},
    )
    for group in groups:
        if external in group.members:
            return {"chat_id": group.chat_id, "chat": chat_key(corp, group), "already": True}
    limit, callbacks = corp.groups.size_limit, list[int]()
    free = [one for one in groups if len(one.members) < limit]
    group = free[0] if free else _roll_over(box, corp, way, groups)
    if not free:
        callbacks.append(tell(box, corp, group, "create"))
    member = _outside(corp, person, GET_SCANNED, state=str(way.body.get("state", "")))
    return _enter(box, corp, group, member, TOLD_SCANNED, callbacks)


def _roll_over(box: Sandbox, corp: Corp, way: JoinWay, groups: list[Group]) -> Group:
    """Make the next group, with the base name and the next number; it takes a full one's place."""
    if not way.body.get("auto_create_room") or not groups:
        raise ControlError(409, "every group of this code is full")
    number = int(way.body.get("room_base_id") or 1) + way.made_count
    way.made_count += 1
    name = f"{way.body.get('room_base_name') or groups[0].name}{number}"
    group = _make(box, corp, groups[0].owner, name)
    way.body["chat_id_list"] = [*way.body["chat_id_list"], group.chat_id][-MOST_GROUPS:]
    return group


def invite(box: Sandbox, corp: Corp, group: Group, by: Member, person: Person) -> Json:
    member = _outside(corp, person, GET_INVITED, invitor=by.userid)
    if member.id in group.members:
        raise ControlError(409, "already in the group")
    return _enter(box, corp, group, member, TOLD_INVITED, [])


def _enter(
    box: Sandbox, corp: Corp, group: Group, member: GroupMember, scene: int, callbacks: list[int]
) -> Json:
    _put(box, group, member)
    person = box.world.persons[member.person]
    note(box, corp, group, "group_joined", person.name)
    if group.notice:
        _show_notice(box, corp, group, person)
    _greet(box, corp, group, person)
    told = _tell_members(box, corp, group, "add_member", [member.id], JoinScene=scene)
    return {
        "chat_id": group.chat_id,
        "external_userid": member.id,
        "chat": chat_key(corp, group),
        "callbacks": [*callbacks, told],
    }


def _tell_members(
    box: Sandbox, corp: Corp, group: Group, detail: str, ids: list[str], **scene: int
) -> int:
    return tell(
        box,
        corp,
        group,
        "update",
        UpdateDetail=detail,
        **scene,
        MemChangeCnt=len(ids),
        MemChangeList={"Item": ids},
        **renew(group),
    )


def _greet(box: Sandbox, corp: Corp, group: Group, person: Person) -> None:
    """Show the welcome that the owner chose in the client, to who came."""
    welcome = corp.groups.welcomes.get(group.welcome_id)
    if welcome is None:
        return
    body, kind = welcome.body, next((one for one in KINDS if one in welcome.body), "")
    text = str((body.get("text") or {}).get("content", "")).replace("%NICKNAME%", person.name)
    attachments = [{"msgtype": kind, kind: body[kind]}] if kind else []
    for part_kind, part in list_parts({"text": {"content": text}, "attachments": attachments}):
        box.deliver(
            person,
            chat_key(corp, group),
            kind=part_kind,
            body=part,
            via="group",
            sender=corp.members[group.owner].name,
        )


def leave(box: Sandbox, corp: Corp, group: Group, person: Person) -> Json:
    return _go(box, corp, group, person, TOLD_LEFT)


def remove(box: Sandbox, corp: Corp, group: Group, person: Person) -> Json:
    return _go(box, corp, group, person, TOLD_REMOVED)


def _go(box: Sandbox, corp: Corp, group: Group, person: Person, scene: int) -> Json:
    external = make_external_userid(corp.corp_id, person.id)
    if external not in group.members:
        raise ControlError(409, "not in the group")
    del group.members[external]
    group.moments.append(GroupMoment(box.clock.now(), "leave", external))
    body = {"note": "group_left" if scene == TOLD_LEFT else "group_removed", "name": person.name}
    box.deliver(person, chat_key(corp, group), kind="note", body=body, via="group", side="system")
    told = _tell_members(box, corp, group, "del_member", [external], QuitScene=scene)
    return {"callbacks": [told]}


# Talking, which nobody outside the group hears


def talk(box: Sandbox, corp: Corp, group: Group, who: str, name: str, text: str) -> Json:
    """Say something in the group: every phone shows it, and only a chat archive has it."""
    if who not in group.members:
        raise ControlError(409, "not in the group")
    group.moments.append(GroupMoment(box.clock.now(), "talk", who))
    for person in people_in(box, group):
        box.deliver(
            person,
            chat_key(corp, group),
            kind="text",
            body={"text": text},
            via="group",
            side="me" if group.members[who].person == person.id else "them",
            sender=name,
        )
    if any(is_archived(corp, userid) for userid in group.members):
        others = [one for one in group.members if one != who]
        keep_group_said(box, corp, who, others, group.chat_id, text)
    box.log.add("act", "group_talk", account=corp.corp_id, outcome="unseen")
    return {"callbacks": []}
