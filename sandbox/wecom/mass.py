"""Mass tasks: made by the product, carried out by nobody but the member."""

from __future__ import annotations

import calendar
import secrets
from datetime import datetime

from sandbox.calls import Call
from sandbox.clock import BEIJING
from sandbox.errors import ApiError, Json
from sandbox.runtime import Sandbox
from sandbox.state import Corp, MassItem, MassTask, Relation, StaffMessage
from sandbox.wecom.attachments import check_content, list_parts
from sandbox.wecom.contacts import STANDING, find_relation
from sandbox.wecom.welcome import deliver_as_member

MOST_CUSTOMERS = 10_000
MOST_GROUPS = 2000
REMINDERS_PER_DAY = 3
UNSENT, SENT, NO_FRIEND, OVER_QUOTA = 0, 1, 2, 3


def add_task(call: Call, corp: Corp) -> Json:
    check_content(corp, call.body, call.now)
    if call.body.get("chat_type", "single") == "group":
        items, failed = _assign_groups(call, corp)
    else:
        items, failed = _assign(corp, _list_wanted(call, corp), call.text("sender"))
    if not items:
        raise ApiError(41048)
    msgid = f"msg{secrets.token_hex(16)}"
    kept = {k: v for k, v in call.body.items() if k != "external_userid"}
    corp.tasks[msgid] = MassTask(msgid, kept, call.box.clock.second(), items)
    return {"fail_list": failed, "msgid": msgid}


def _assign_groups(call: Call, corp: Corp) -> tuple[list[MassItem], list[str]]:
    """Take the sender's own groups; without a list, all of them."""
    sender, wanted = call.text("sender"), call.body.get("chat_id_list")
    if not sender:
        raise ApiError(40058, "sender")
    own = {one.chat_id for one in corp.groups.chats.values() if one.owner == sender}
    chosen = list(dict.fromkeys(wanted or sorted(own)))
    if len(chosen) > MOST_GROUPS:
        raise ApiError(81017)
    items = [MassItem("", sender, chat_id=chat_id) for chat_id in chosen if chat_id in own]
    return items, [chat_id for chat_id in chosen if chat_id not in own]


def _list_wanted(call: Call, corp: Corp) -> list[str]:
    wanted = list(dict.fromkeys(call.body.get("external_userid") or []))
    if len(wanted) > MOST_CUSTOMERS:
        raise ApiError(81017)
    if wanted:
        return wanted
    groups = (call.body.get("tag_filter") or {}).get("group_list") or []
    sender = call.text("sender")
    if not groups and not sender:
        raise ApiError(40058, "sender, external_userid and tag_filter are all empty")
    found = [r for r in corp.relations.values() if r.state == "active" and _has_tags(r, groups)]
    return list(dict.fromkeys(r.external_userid for r in found if not sender or r.userid == sender))


def _has_tags(relation: Relation, groups: list[Json]) -> bool:
    """Tags are alternatives inside a group; every group must be met."""
    mine = set(relation.tag_ids)
    return all(mine & set(group.get("tag_list") or []) for group in groups)


def _assign(corp: Corp, wanted: list[str], sender: str) -> tuple[list[MassItem], list[str]]:
    """Give each customer to the member who last had to do with her; the rest fail at once."""
    items, failed = [], []
    for external_userid in wanted:
        standing = [r for r in corp.list_relations(external_userid) if r.state in STANDING]
        standing = [r for r in standing if corp.members[r.userid].is_active]
        if sender:
            standing = [r for r in standing if r.userid == sender]
        if not standing:
            failed.append(external_userid)
            continue
        last = max(standing, key=lambda r: (r.last_at, r.added_at))
        items.append(MassItem(external_userid, last.userid))
    return items, failed


def confirm_task(
    box: Sandbox, corp: Corp, task: MassTask, userid: str, chosen: list[str] | None
) -> Json:
    """Send one member's part. `chosen` narrows it when the task allows selecting."""
    counts = {"sent": 0, "no_friend": 0, "over_quota": 0}
    names = {SENT: "sent", NO_FRIEND: "no_friend", OVER_QUOTA: "over_quota"}
    for item in task.items:
        if item.userid != userid or item.status != UNSENT:
            continue
        if chosen is not None and (item.external_userid or item.chat_id) not in chosen:
            continue
        item.status = _send_item(box, corp, task, item)
        item.send_time = box.clock.second()
        counts[names[item.status]] += 1
    task.confirmed[userid] = box.clock.second()
    return counts


def _send_to_group(box: Sandbox, corp: Corp, task: MassTask, item: MassItem) -> int:
    """Put the message on the phone of everybody from outside who is in the group."""
    group, now = corp.groups.chats.get(item.chat_id), box.clock.now()
    if group is None:
        return NO_FRIEND
    if is_over_quota(corp.mass_quota, group.mass_received, now):
        return OVER_QUOTA
    group.mass_received.append(now)
    sender = corp.members[item.userid].name
    for one in group.members.values():
        if one.person in box.world.persons:
            person = box.world.persons[one.person]
            for kind, part in list_parts(task.body):
                chat = f"group:{corp.corp_id}:{group.chat_id}"
                box.deliver(person, chat, kind=kind, body=part, via="mass", sender=sender)
    return SENT


def _send_item(box: Sandbox, corp: Corp, task: MassTask, item: MassItem) -> int:
    if item.chat_id:
        return _send_to_group(box, corp, task, item)
    relation = find_relation(corp, item.userid, item.external_userid)
    if relation is None or relation.state != "active":
        return NO_FRIEND
    now = box.clock.now()
    received = [at for r in corp.list_relations(item.external_userid) for at in r.mass_received]
    if is_over_quota(corp.mass_quota, received, now):
        return OVER_QUOTA
    relation.mass_received.append(now)
    deliver_as_member(box, corp, relation, task.body, "mass")
    return SENT


def is_over_quota(quota: str, received: list[float], now: float) -> bool:
    """Tell whether one more is too many: days of the month, 7 in a week, or 1 in a day."""
    today = datetime.fromtimestamp(now, BEIJING)
    days = [datetime.fromtimestamp(at, BEIJING) for at in received]
    if quota == "1_per_day":
        return any(day.date() == today.date() for day in days)
    if quota == "7_per_week":
        return sum(day.isocalendar()[:2] == today.isocalendar()[:2] for day in days) >= 7
    month = [day for day in days if (day.year, day.month) == (today.year, today.month)]
    return len(month) >= calendar.monthrange(today.year, today.month)[1]


def access_task(call: Call, corp: Corp) -> MassTask:
    msgid = call.text("msgid")
    if not msgid:
        raise ApiError(41046)
    task = corp.tasks.get(msgid)
    if task is None:
        raise ApiError(41047)
    return task


def list_tasks(call: Call, corp: Corp) -> Json:
    first, last = call.body.get("start_time", 0), call.body.get("end_time", 0)
    if not first or not last or not 0 <= last - first <= 31 * 86400:
        raise ApiError(40058, "start_time and end_time, at most one month")
    limit = call.limit(50, 100)
    cursor = call.text("cursor")
    begin = int(cursor) if cursor.isdigit() else 0
    asked = call.body.get("chat_type", "single")
    found = [t for t in corp.tasks.values() if first <= t.created_at <= last]
    found = [t for t in found if t.body.get("chat_type", "single") == asked]
    rows = [
        {
            "msgid": task.msgid,
            "creator": task.body.get("sender", ""),
            # A text here, a number elsewhere: so it is in the document's sample.
            "create_time": str(task.created_at),
            "create_type": 0,
            "text": task.body.get("text", {}),
            "attachments": task.body.get("attachments", []),
        }
        for task in found[begin : begin + limit]
    ]
    more = str(begin + limit) if len(found) > begin + limit else ""
    return {"group_msg_list": rows, "next_cursor": more}


def show_members_of_task(call: Call, corp: Corp) -> Json:
    task = access_task(call, corp)
    userids = list(dict.fromkeys(item.userid for item in task.items))
    rows = []
    for userid in userids:
        sent_at = task.confirmed.get(userid)
        row: Json = {"userid": userid, "status": 2 if sent_at else 0}
        rows.append(row | ({"send_time": sent_at} if sent_at else {}))
    return {"task_list": rows, "next_cursor": ""}


def show_results(call: Call, corp: Corp) -> Json:
    task = access_task(call, corp)
    userid = call.text("userid")
    if not userid:
        raise ApiError(40058, "userid")
    limit = call.limit(500, 1000)
    cursor = call.text("cursor")
    begin = int(cursor) if cursor.isdigit() else 0
    mine = [item for item in task.items if item.userid == userid]
    # Of a group task, what is not sent is left out.
    mine = [item for item in mine if item.status or not item.chat_id]
    rows = []
    for item in mine[begin : begin + limit]:
        row: Json = {
            "userid": item.userid,
            "status": item.status,
        }
        row |= {"chat_id": item.chat_id} if item.chat_id else {}
        row |= {"external_userid": item.external_userid} if item.external_userid else {}
        rows.append(row | ({"send_time": item.send_time} if item.status else {}))
    more = str(begin + limit) if len(mine) > begin + limit else ""
    return {"send_list": rows, "next_cursor": more}


def remind_members(call: Call, corp: Corp) -> Json:
    task = access_task(call, corp)
    task.reminded = [at for at in task.reminded if at > call.now - 86400]
    if task.is_cancelled:
        raise ApiError(41093)
    if len(task.reminded) >= REMINDERS_PER_DAY:
        raise ApiError(41094)
    task.reminded.append(call.now)
    waiting = {item.userid for item in task.items if item.userid not in task.confirmed}
    for userid in sorted(waiting):
        body = {"msgid": task.msgid}
        corp.staff_messages.append(
            StaffMessage(
                call.box.world.take_id(), userid, call.now, "remind", body, call.agent_id, ""
            )
        )
    return {}


def cancel_task(call: Call, corp: Corp) -> Json:
    task = access_task(call, corp)
    if task.is_cancelled:
        raise ApiError(41093)
    task.is_cancelled = True
    return {}
