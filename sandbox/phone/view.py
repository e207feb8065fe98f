"""What the page shows, gathered for one person holding the phone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.clock import BEIJING
from sandbox.errors import Json
from sandbox.event_log import LogEntry
from sandbox.phone.chats import (
    describe_chat,
    describe_mini,
    list_chats,
    list_friends,
    list_messages,
)
from sandbox.runtime import Sandbox
from sandbox.state import Corp, MassTask, Member, Person, StaffMessage, make_external_userid
from sandbox.wecom.moments import list_waiting, show_seen

LOG_LINES = 120
FOUND = 8
STAFF_MESSAGES = 6


def show_view(box: Sandbox, person_id: str, chat: str, find: str) -> Json:
    """Gather everything for one drawing of the page."""
    me = box.world.persons.get(person_id)
    settings = box.world.settings
    return {
        "version": box.log.version,
        "now": box.clock.now(),
        "offset": int(box.clock.offset),
        "console_url": settings.console_url,
        "me": _show_person(me) if me else None,
        "persons": [_show_person(p) for p in _choose_persons(box, person_id, find)],
        "person_count": len(box.world.persons),
        "chats": list_chats(box, me) if me else [],
        "friends": list_friends(box, me) if me else [],
        "chat": describe_chat(box, me, chat) if me and chat else None,
        "messages": list_messages(box, me, chat) if me and chat else [],
        "minis": [describe_mini(p, me) for p in box.world.mini_programs.values()] if me else [],
        "moments": show_seen(box, me) if me else [],
        "sessions": _list_sessions(box, me) if me else [],
        "codes": list_codes(box),
        "staff": list_staff(box),
        "groups": list_groups(box, me),
        "makers": list_makers(box),
        "calls": list_calls(box),
        "faults": [fault["kind"] for fault in box.faults.dump()],
        "log": fold_log(list(box.log.entries)[-LOG_LINES:]),
        "tally": vars(box.sender.tally),
    }


def _choose_persons(box: Sandbox, person_id: str, find: str) -> list[Person]:
    people = list(box.world.persons.values())
    if find:
        word = find.lower()
        found = [p for p in people if word in f"{p.name} {p.name_en} {p.phone}".lower()]
        return found[:FOUND]
    chosen = [p for p in people if p.is_featured][:FOUND]
    me = box.world.persons.get(person_id)
    return chosen if me is None or me in chosen else [*chosen, me]


def _show_person(person: Person) -> Json:
    unread = sum(m.id > person.seen.get(m.chat, 0) for m in person.inbox if m.side == "them")
    return {
        "id": person.id,
        "name": person.name,
        "name_en": person.name_en or person.name,
        "age": person.age,
        "phone": person.phone,
        "note": person.note,
        "note_en": person.note_en or person.note,
        "unread": unread,
    }


def _list_sessions(box: Sandbox, me: Person) -> list[Json]:
    rows = []
    for corp in box.world.corps.values():
        external = make_external_userid(corp.corp_id, me.id)
        for account in corp.kf.values():
            session = account.sessions.get(external)
            if session is None:
                continue
            servicer = corp.members.get(session.servicer)
            rows.append(
                {
                    "corp_id": corp.corp_id,
                    "open_kfid": account.open_kfid,
                    "name": account.name,
                    "state": session.state,
                    "servicer": servicer.name if servicer else "",
                    "servicer_id": session.servicer or next(iter(account.servicers), ""),
                }
            )
    return rows


def list_groups(box: Sandbox, me: Person | None) -> list[Json]:
    """List the customer groups as their owners see them."""
    return [
        {
            "corp_id": corp.corp_id,
            "chat_id": group.chat_id,
            "owner": group.owner,
            "owner_name": corp.members[group.owner].name,
            "name": group.name,
            "notice": group.notice,
            "count": len(group.members),
            "has_me": me is not None and make_external_userid(corp.corp_id, me.id) in group.members,
        }
        for corp in box.world.corps.values()
        for group in corp.groups.chats.values()
    ]


def list_makers(box: Sandbox) -> list[Json]:
    """Name the first member of each corp, who can make a group when nobody else is shown."""
    return [
        {"corp_id": corp.corp_id, "userid": member.userid, "name": member.name}
        for corp in box.world.corps.values()
        for member in [one for one in corp.members.values() if one.is_active][:1]
    ]


def list_codes(box: Sandbox) -> list[Json]:
    """List everything on a wall or a bed that can be scanned."""
    rows: list[Json] = []
    for corp in box.world.corps.values():
        rows += [_show_way(corp, way.config_id) for way in corp.contact_ways.values()]
        rows += [
            _row(
                "join",
                way.config_id,
                str(way.body.get("remark") or way.body.get("room_base_name") or corp.name),
                corp.name,
                f"/qr/join/{way.config_id}.svg",
            )
            for way in corp.groups.join_ways.values()
        ]
        rows += [
            _row("link", one.url, one.body["link_name"], corp.name, f"/qr/link/{one.link_id}.svg")
            | {"corp_id": corp.corp_id, "userid": next(iter(corp.members), "")}
            for one in corp.links.values()
        ]
    for account in box.world.official_accounts.values():
        now = box.clock.now()
        for code in account.codes.values():
            if code.expires_at is None or code.expires_at > now:
                picture = f"/official/cgi-bin/showqrcode?ticket={code.ticket}"
                rows.append(_row("official", code.ticket, account.name, code.scene, picture))
        plain = f"official:{account.app_id}"
        picture = f"/qr/official/{account.app_id}.svg"
        rows.append(_row("official", plain, account.name, "", picture))
    rows += _list_mini_codes(box)
    for corp in box.world.corps.values():
        for kf in corp.kf.values():
            picture = f"/qr/kf/{kf.open_kfid}.svg"
            rows.append(_row("kf", f"/kf/{kf.open_kfid}", kf.name, corp.name, picture))
    return rows


def _list_mini_codes(box: Sandbox) -> list[Json]:
    return [
        _row("mini", scene.id, program.name, scene.scene, f"/qr/mini/{scene.id}.svg")
        for program in box.world.mini_programs.values()
        for scene in program.scenes.values()
    ]


def _row(kind: str, code: str, name: str, detail: str, picture: str) -> Json:
    return {"kind": kind, "code": code, "name": name, "detail": detail, "picture": picture}


def _show_way(corp: Corp, config_id: str) -> Json:
    way = corp.contact_ways[config_id]
    names = [corp.members[u].name for u in way.body.get("user") or [] if u in corp.members]
    name = way.body.get("remark") or "、".join(names) or way.body.get("state") or config_id[:8]
    detail = f"{'、'.join(names)}·{corp.name}" if way.body.get("remark") else corp.name
    return _row("contact", config_id, name, detail, f"/qr/contact/{config_id}.svg")


def list_staff(box: Sandbox) -> list[Json]:
    """List the work phones on which there is something to do or to see."""
    rows = []
    for corp in box.world.corps.values():
        latest = {m.userid: m.id for m in corp.staff_messages}
        for member in corp.members.values():
            tasks = [t for t in corp.tasks.values() if _is_waiting(t, member.userid)]
            if tasks or list_waiting(corp, member.userid) or member.userid in latest:
                rows.append(_show_staff(box, corp, member, tasks))
    return rows


def list_calls(box: Sandbox) -> list[Json]:
    """List the telephones that ring or talk now, and whose they are."""
    return [
        {
            "call_id": call.call_id,
            "at": call.began_at,
            "state": call.state,
            "text": call.text,
            "pressed": call.pressed,
            "owner": _find_owner(box, call.number),
        }
        for app in box.world.voice.values()
        for call in app.calls
        if call.state != "ended"
    ]


def _find_owner(box: Sandbox, number: str) -> str:
    for corp in box.world.corps.values():
        for member in corp.members.values():
            if member.mobile == number:
                return f"{member.name}·{corp.name}"
    person = next((p for p in box.world.persons.values() if p.phone == number), None)
    return person.name if person else f"{number[:3]}****{number[-4:]}"


def _is_waiting(task: MassTask, userid: str) -> bool:
    return not task.is_cancelled and any(i.userid == userid and not i.status for i in task.items)


def _show_staff(box: Sandbox, corp: Corp, member: Member, tasks: list[MassTask]) -> Json:
    today = box.clock.local().date()
    confirmed = [
        t
        for t in corp.tasks.values()
        if member.userid in t.confirmed
        and datetime.fromtimestamp(t.confirmed[member.userid], BEIJING).date() == today
    ]
    mine = [m for m in corp.staff_messages if m.userid == member.userid]
    return {
        "corp_id": corp.corp_id,
        "corp": corp.name,
        "userid": member.userid,
        "name": member.name,
        "position": member.position,
        "confirmed_today": len(confirmed),
        "moments": list_waiting(corp, member.userid),
        "tasks": [_show_task(box, corp, t, member.userid) for t in reversed(tasks)],
        "messages": [_show_staff_message(m) for m in reversed(mine[-STAFF_MESSAGES:])],
        "last_id": mine[-1].id if mine else 0,
    }


def _show_task(box: Sandbox, corp: Corp, task: MassTask, userid: str) -> Json:
    waiting = [i.external_userid for i in task.items if i.userid == userid and not i.status]
    names = []
    for external in waiting:
        relation = next(iter(corp.list_relations(external)), None)
        if relation:
            names.append(box.world.persons[relation.person].name)
    links = [a["link"] for a in task.body.get("attachments") or [] if a.get("msgtype") == "link"]
    return {
        "msgid": task.msgid,
        "at": task.created_at,
        "text": (task.body.get("text") or {}).get("content", ""),
        "link": links[0].get("title", "") if links else "",
        "count": len(waiting),
        "names": names[:5],
        "reminders": len(task.reminded),
    }


def _show_staff_message(message: StaffMessage) -> Json:
    body = message.body
    article = (body.get("articles") or [{}])[0]
    heading = body.get("main_title") or {}
    words = (body.get("content"), body.get("description"), body.get("sub_title_text"))
    return {
        "id": message.id,
        "at": message.at,
        "kind": message.kind,
        "title": body.get("title") or heading.get("title") or article.get("title", ""),
        "text": next(filter(None, words), "") or article.get("description", ""),
        "url": find_address(body) or article.get("url", ""),
        "buttons": [
            {"key": button.get("key", ""), "text": button.get("text", "")}
            for button in body.get("button_list") or []
        ],
        "answer": message.answer,
    }


def find_address(body: Json) -> str:
    return str(body.get("url") or (body.get("card_action") or {}).get("url", ""))


def fold_log(entries: list[LogEntry]) -> list[Json]:
    """Newest first; a call repeated with the same outcome becomes one line with a count."""
    rows: list[Json] = []
    for entry in entries:
        last = rows[-1] if rows else None
        if last and _is_repeat(last, entry):
            times = last["times"] + 1
            rows[-1] = vars(entry) | {"times": times}
        else:
            rows.append(vars(entry) | {"times": 1})
    return rows[::-1]


def _is_repeat(last: dict[str, Any], entry: LogEntry) -> bool:
    same = (last["name"], last["code"], last["account"])
    is_same = entry.kind == last["kind"] == "call" and same == (
        entry.name,
        entry.code,
        entry.account,
    )
    return is_same and "send" not in entry.name
