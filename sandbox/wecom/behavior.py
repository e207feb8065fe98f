"""What members did, by day (联系客户统计), document 92132: summed over the members asked for."""

from __future__ import annotations

from datetime import datetime

from sandbox.calls import Call
from sandbox.clock import BEIJING
from sandbox.errors import ApiError, ControlError, Json
from sandbox.state import Corp, Member
from sandbox.wecom.acquisition import floor_day, read_span

MOST_MEMBERS = 100
COUNTS = (
    "chat_cnt",
    "message_cnt",
    "negative_feedback_cnt",
    "new_apply_cnt",
    "new_contact_cnt",
)
# Not there on a day without a talk.
TALKS = ("reply_percentage", "avg_reply_time")


def day_of(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).date().isoformat()


def show_behavior(call: Call, corp: Corp) -> Json:
    users = call.body.get("userid") or []
    if not users and not call.body.get("partyid"):
        raise ApiError(40058, "userid and partyid are both empty")
    if len(users) > MOST_MEMBERS:
        raise ApiError(81017)
    if any(userid not in corp.members for userid in users):
        raise ApiError(60111)
    begin, end = read_span(call)
    rows = []
    # The present day is counted when it is over.
    while begin < min(end, floor_day(call.now)):
        rows.append(_sum(corp, users, begin))
        begin += 86400
    return {"behavior_data": rows}


def _sum(corp: Corp, users: list[str], at: float) -> Json:
    day = day_of(at)
    found = [corp.behavior.get(userid, {}).get(day, {}) for userid in users]
    row: Json = {"stat_time": int(at)}
    row |= {name: sum(one.get(name, 0) for one in found) for name in COUNTS}
    row["new_contact_cnt"] += sum(
        r.userid in users and day_of(r.added_at) == day for r in corp.relations.values()
    )
    for name in TALKS:
        told = [one[name] for one in found if name in one]
        if told:
            row[name] = told[0] if len(told) == 1 else sum(told) / len(told)
    return row


def note_day(corp: Corp, member: Member, data: Json) -> Json:
    """Keep what this member did on one day."""
    day = str(data.get("day", ""))
    if len(day) != len("2026-01-01"):
        raise ControlError(422, "day is missing")
    known = {name: data[name] for name in (*COUNTS, *TALKS) if name in data}
    corp.behavior.setdefault(member.userid, {})[day] = known
    return {"day": day}
