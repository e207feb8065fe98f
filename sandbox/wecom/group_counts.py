"""Statistics of groups: by owner, or by day. Never by group."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.calls import Call
from sandbox.clock import BEIJING
from sandbox.errors import ApiError, Json
from sandbox.group_state import Group
from sandbox.state import Corp
from sandbox.wecom.groups import read_owner_filter

MOST_DAYS = 30
OLDEST_DAYS = 180


def count_by_owner(call: Call, corp: Corp) -> Json:
    first, last = _read_days(call)
    owners = read_owner_filter(call, corp)
    by_owner: dict[str, list[Group]] = {}
    for group in corp.groups.chats.values():
        if not owners or group.owner in owners:
            by_owner.setdefault(group.owner, []).append(group)
    limit, offset = call.limit(500, 1000), int(call.body.get("offset") or 0)
    rows = [
        {"owner": owner, "data": _count(groups, first, last)} for owner, groups in by_owner.items()
    ]
    shown = rows[offset:][:limit]
    return {"total": len(rows), "next_offset": offset + len(shown), "items": shown}


def count_by_day(call: Call, corp: Corp) -> Json:
    first, last = _read_days(call)
    owners = read_owner_filter(call, corp)
    groups = [one for one in corp.groups.chats.values() if not owners or one.owner in owners]
    items = []
    day = first
    while day <= last:
        items.append({"stat_time": int(day.timestamp()), "data": _count(groups, day, day)})
        day += timedelta(days=1)
    return {"items": items}


def _read_days(call: Call) -> tuple[datetime, datetime]:
    """Read both days, inclusive: from 180 days ago to yesterday, at most 30 days apart."""
    today = _day_of(call.now)
    begins = call.body.get("day_begin_time")
    if not isinstance(begins, int):
        raise ApiError(40058, "day_begin_time")
    first, last = _day_of(begins), _day_of(call.body.get("day_end_time") or begins)
    is_kept = today - timedelta(days=OLDEST_DAYS) <= first <= last < today
    if not is_kept or last - first > timedelta(days=MOST_DAYS):
        raise ApiError(40058, "day_begin_time, day_end_time")
    return first, last


def _day_of(at: float) -> datetime:
    here = datetime.fromtimestamp(at, BEIJING)
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


def _count(groups: list[Group], first: datetime, last: datetime) -> Json:
    begins, ends = first.timestamp(), (last + timedelta(days=1)).timestamp()
    made = [one for one in groups if one.created_at < ends]
    moments = [moment for one in made for moment in one.moments if moment.at < ends]
    joins = [one for one in moments if one.kind == "join"]
    leaves = [one for one in moments if one.kind == "leave"]
    talks = [one for one in moments if one.kind == "talk"]
    talking = [one for one in made if any(m.kind == "talk" and m.at < ends for m in one.moments)]
    return {
        "new_chat_cnt": sum(one.created_at >= begins for one in made),
        "chat_total": len(made),
        "chat_has_msg": len(talking),
        "new_member_cnt": sum(one.at >= begins for one in joins),
        "member_total": len(joins) - len(leaves),
        "member_has_msg": len({one.who for one in talks}),
        "msg_total": len(talks),
    }
