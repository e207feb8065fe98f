"""Contact ways (联系我): the live codes."""

from __future__ import annotations

import secrets

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import ContactWay, Corp

MOST_USERS = 100
LONGEST_STATE = 30
# What the picture of a way says, before its config id.
CONTACT_LINK = "https://work.weixin.qq.com/ca/"
# A temporary way lives a week unless it says otherwise, and never longer than two.
TEMPORARY_SECONDS = 7 * 24 * 3600
LONGEST_TEMPORARY_SECONDS = 14 * 24 * 3600
FIELDS = (
    "type",
    "scene",
    "style",
    "remark",
    "skip_verify",
    "state",
    "user",
    "party",
    "is_temp",
    "expires_in",
    "chat_expires_in",
    "unionid",
    "is_exclusive",
    "mark_source",
    "conclusions",
)


def add_contact_way(call: Call, corp: Corp) -> Json:
    body = {name: call.body[name] for name in FIELDS if name in call.body}
    check_contact_way(corp, body)
    config_id = secrets.token_hex(16)
    way = ContactWay(
        config_id,
        {"style": 1, "skip_verify": True, "party": []} | body,
        f"{call.root}/qr/contact/{config_id}.svg",
        call.box.clock.second(),
    )
    corp.contact_ways[config_id] = way
    answer: Json = {"config_id": config_id}
    if body["scene"] == 2:
        answer["qr_code"] = way.qr_code
    return answer


def check_contact_way(corp: Corp, body: Json) -> None:
    if body.get("type") not in (1, 2):
        raise ApiError(41037)
    if body.get("scene") not in (1, 2):
        raise ApiError(41038)
    _check_users(corp, body)
    if len(body.get("state", "")) > LONGEST_STATE or len(body.get("remark", "")) > 30:
        raise ApiError(40058, "state or remark is longer than 30")
    _check_times(body)


def _check_times(body: Json) -> None:
    for name in ("expires_in", "chat_expires_in"):
        seconds = body.get(name, TEMPORARY_SECONDS)
        if not isinstance(seconds, int) or not 0 < seconds <= LONGEST_TEMPORARY_SECONDS:
            raise ApiError(40058, f"{name} must be 1 to {LONGEST_TEMPORARY_SECONDS} seconds")


def is_over(way: ContactWay, now: float) -> bool:
    """Tell whether a temporary way has run out."""
    lasts = int(way.body.get("expires_in", TEMPORARY_SECONDS))
    return bool(way.body.get("is_temp")) and now >= way.created_at + lasts


def _check_users(corp: Corp, body: Json) -> None:
    users = body.get("user") or []
    if len(users) > MOST_USERS:
        raise ApiError(41041)
    if body["type"] == 1 and len(users) != 1:
        raise ApiError(41040)
    if not users and not body.get("party"):
        raise ApiError(41040)
    for userid in users:
        member = corp.members.get(userid)
        if member is None or not member.is_active:
            raise ApiError(41040, userid)


def access_way(call: Call, corp: Corp) -> ContactWay:
    way = corp.contact_ways.get(call.text("config_id"))
    if way is None:
        raise ApiError(41039)
    return way


def show_contact_way(call: Call, corp: Corp) -> Json:
    way = access_way(call, corp)
    shown = {"config_id": way.config_id, "qr_code": way.qr_code} | way.body
    return {"contact_way": shown}


def update_contact_way(call: Call, corp: Corp) -> Json:
    way = access_way(call, corp)
    changed = {name: call.body[name] for name in FIELDS if name in call.body}
    if {"type", "scene"} & changed.keys():
        raise ApiError(41037, "type and scene cannot change")
    check_contact_way(corp, way.body | changed)
    way.body |= changed
    return {}


def delete_contact_way(call: Call, corp: Corp) -> Json:
    way = access_way(call, corp)
    del corp.contact_ways[way.config_id]
    return {}


def list_contact_ways(call: Call, corp: Corp) -> Json:
    limit = call.limit(100, 1000)
    first, last = call.body.get("start_time", 0), call.body.get("end_time") or call.now
    found = [w for w in corp.contact_ways.values() if first <= w.created_at <= last]
    cursor = call.text("cursor")
    begin = int(cursor) if cursor.isdigit() else 0
    answer: Json = {"contact_way": [{"config_id": w.config_id} for w in found[begin:][:limit]]}
    if len(found) > begin + limit:
        answer["next_cursor"] = str(begin + limit)
    return answer
