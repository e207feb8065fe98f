"""Join ways of groups (加入群聊): one code, up to five groups, a new one when all are full."""

from __future__ import annotations

import secrets

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.group_state import JoinWay
from sandbox.state import Corp

MOST_GROUPS = 5
LONGEST_STATE = 30
LONGEST_BASE_NAME = 40
# What the picture of a way says, before its config id.
JOIN_LINK = "https://work.weixin.qq.com/gm/"
FIELDS = (
    "scene",
    "remark",
    "auto_create_room",
    "room_base_name",
    "room_base_id",
    "chat_id_list",
    "state",
    "mark_source",
)


def add_join_way(call: Call, corp: Corp) -> Json:
    """Make a way. The answer has no picture: that is for get_join_way."""
    body = _read_body(call, corp)
    config_id = secrets.token_hex(16)
    picture = f"{call.root}/qr/join/{config_id}.svg"
    corp.groups.join_ways[config_id] = JoinWay(config_id, body, picture)
    return {"config_id": config_id}


def _read_body(call: Call, corp: Corp) -> Json:
    body = {name: call.body[name] for name in FIELDS if name in call.body}
    if body.get("scene") not in (1, 2):
        raise ApiError(41038)
    chat_ids = body.get("chat_id_list") or []
    if not chat_ids or len(chat_ids) > MOST_GROUPS:
        raise ApiError(41091)
    for chat_id in chat_ids:
        if chat_id not in corp.groups.chats:
            raise ApiError(40050, chat_id)
    if len(str(body.get("state", ""))) > LONGEST_STATE:
        raise ApiError(40058, "state is longer than 30")
    if len(str(body.get("room_base_name", ""))) > LONGEST_BASE_NAME:
        raise ApiError(40058, "room_base_name is longer than 40")
    if "remark" in body:
        body["remark"] = str(body["remark"])[:30]
    return {"auto_create_room": 1} | body


def access_way(call: Call, corp: Corp) -> JoinWay:
    way = corp.groups.join_ways.get(call.text("config_id"))
    if way is None:
        raise ApiError(41039)
    return way


def show_join_way(call: Call, corp: Corp) -> Json:
    way = access_way(call, corp)
    shown = {"config_id": way.config_id} | way.body
    return {"join_way": shown | ({"qr_code": way.qr_code} if way.body["scene"] == 2 else {})}


def update_join_way(call: Call, corp: Corp) -> Json:
    """Put a whole new setting in the place of the old one."""
    way = access_way(call, corp)
    way.body, way.made_count = _read_body(call, corp), 0
    return {}


def delete_join_way(call: Call, corp: Corp) -> Json:
    del corp.groups.join_ways[access_way(call, corp).config_id]
    return {}
