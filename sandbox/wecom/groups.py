"""Customer groups (客户群): listed, read, handed over."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.group_state import INSIDE, OUTSIDE, Group, GroupMember
from sandbox.state import Corp

MOST_OWNERS = 100
# Without an owner filter a corp with more people than this is refused.
MOST_PEOPLE_UNFILTERED = 1000
MOST_HANDED_OVER = 100
HANDED_OVER_PER_DAY = 300
ON_JOB_PER_90_DAYS = 2
DAY = 86400
OWNER_LEFT, HANDED_OVER = 1, 3
# Says why a group cannot go to this member; 0: it can.
Check = Callable[[Call, Corp, Group, str], int]


def status_of(corp: Corp, group: Group) -> int:
    owner = corp.members.get(group.owner)
    return group.status if owner is not None and owner.is_active else OWNER_LEFT


def read_owner_filter(call: Call, corp: Corp) -> list[str]:
    found = call.body.get("owner_filter") or {}
    owners = list(found.get("userid_list") or []) if isinstance(found, dict) else []
    if len(owners) > MOST_OWNERS:
        raise ApiError(40058, "owner_filter.userid_list")
    if not owners and len(corp.members) > MOST_PEOPLE_UNFILTERED:
        raise ApiError(81017)
    return owners


def list_groups(call: Call, corp: Corp) -> Json:
    limit = call.body.get("limit")
    if not isinstance(limit, int) or not 0 < limit <= 1000:
        raise ApiError(40058, "limit")
    wanted = call.body.get("status_filter") or 0
    owners = read_owner_filter(call, corp)
    found = [
        group
        for group in corp.groups.chats.values()
        if (not owners or group.owner in owners) and wanted in (0, status_of(corp, group))
    ]
    cursor = call.text("cursor")
    if cursor and not cursor.isdigit():
        raise ApiError(50100)
    begin = int(cursor or 0)
    rows = [{"chat_id": one.chat_id, "status": status_of(corp, one)} for one in found]
    answer: Json = {"group_chat_list": rows[begin:][:limit]}
    if len(rows) > begin + limit:
        answer["next_cursor"] = str(begin + limit)
    return answer


def access_group(call: Call, corp: Corp) -> Group:
    group = corp.groups.chats.get(call.text("chat_id"))
    if group is None:
        raise ApiError(40050)
    return group


def show_group(call: Call, corp: Corp) -> Json:
    group = access_group(call, corp)
    is_named = call.body.get("need_name") == 1
    members = [_show_member(call, corp, one, is_named=is_named) for one in group.members.values()]
    shown: Json = {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "create_time": group.created_at,
        "member_list": members,
        "admin_list": [{"userid": userid} for userid in group.admins],
        "member_version": group.member_version,
    }
    # What does not apply is absent, not empty.
    return {"group_chat": shown | ({"notice": group.notice} if group.notice else {})}


def _show_member(call: Call, corp: Corp, member: GroupMember, *, is_named: bool) -> Json:
    row: Json = {
        "userid": member.id,
        "type": member.kind,
        "join_time": member.joined_at,
        "join_scene": member.join_scene,
        "group_nickname": "",
    }
    person = call.box.world.persons.get(member.person)
    if member.kind == OUTSIDE and person and corp.has_developer_account and person.union_id:
        row["unionid"] = person.union_id
    if member.invitor:
        row["invitor"] = {"userid": member.invitor}
    if member.state:
        row["state"] = member.state
    if is_named:
        row["name"] = person.name if person else corp.members[member.id].name
    return row


# Handing over


def hand_over_left(call: Call, corp: Corp) -> Json:
    """Hand over groups whose owner has left; what fails is named, the rest is done."""
    return _hand_over(call, corp, _check_left)


def hand_over_on_job(call: Call, corp: Corp) -> Json:
    return _hand_over(call, corp, _check_on_job)


def _hand_over(call: Call, corp: Corp, check: Check) -> Json:
    chat_ids, new_owner = call.body.get("chat_id_list") or [], call.text("new_owner")
    if not chat_ids or not new_owner or len(chat_ids) > MOST_HANDED_OVER:
        raise ApiError(40058, "chat_id_list, new_owner")
    taker = corp.members.get(new_owner)
    if taker is None:
        raise ApiError(46004)
    if not taker.is_active:
        raise ApiError(41054)
    failed = []
    for chat_id in chat_ids:
        group = corp.groups.chats.get(chat_id)
        code = check(call, corp, group, new_owner) if group else 40050
        if code or group is None:
            failed.append({"chat_id": chat_id, "errcode": code, "errmsg": "failed"})
            continue
        _give(call, corp, group, new_owner)
    return {"failed_chat_list": failed}


def _check_left(call: Call, corp: Corp, group: Group, _new_owner: str) -> int:
    if status_of(corp, group) != OWNER_LEFT:
        return 90508 if group.status == HANDED_OVER else 90500
    today = corp.groups.handed_over.setdefault(group.owner, [])
    today[:] = [at for at in today if at > call.now - DAY]
    if len(today) >= HANDED_OVER_PER_DAY:
        return 45009
    today.append(call.now)
    return 0


def _check_on_job(call: Call, corp: Corp, group: Group, new_owner: str) -> int:
    if status_of(corp, group) == OWNER_LEFT:
        return 90502
    if group.owner == new_owner:
        return 90504
    recent = [at for at in group.handed_over_at if at > call.now - 90 * DAY]
    return 40128 if len(recent) >= ON_JOB_PER_90_DAYS else 0


def _give(call: Call, corp: Corp, group: Group, new_owner: str) -> None:
    """Give it to the new owner. Made by the API, so nobody is called back."""
    if status_of(corp, group) == OWNER_LEFT:
        group.status = HANDED_OVER
    else:
        group.handed_over_at.append(call.now)
    group.owner = new_owner
    second = call.box.clock.second()
    group.members.setdefault(new_owner, GroupMember(new_owner, INSIDE, joined_at=second))
    call.box.log.touch()
