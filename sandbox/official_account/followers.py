"""Followers and scene codes of an Official Account."""

from __future__ import annotations

import secrets
from urllib.parse import quote

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Follower, OfficialAccount, SceneCode

PAGE = 10_000
# What the picture of a code says: `url` of the answer.
SCENE_LINK = "http://weixin.qq.com/q/"
LONGEST_LIFE = 2_592_000
ACTIONS = {
    "QR_SCENE": ("scene_id", True),
    "QR_STR_SCENE": ("scene_str", True),
    "QR_LIMIT_SCENE": ("scene_id", False),
    "QR_LIMIT_STR_SCENE": ("scene_str", False),
}


def create_code(call: Call, account: OfficialAccount) -> Json:
    name = call.text("action_name")
    if name not in ACTIONS:
        raise ApiError(40058, "action_name")
    key, is_temporary = ACTIONS[name]
    scene = ((call.body.get("action_info") or {}).get("scene") or {}).get(key)
    if scene in (None, "") or len(str(scene)) > 64:
        raise ApiError(40050, key)
    life = min(int(call.body.get("expire_seconds") or 60), LONGEST_LIFE)
    ticket = f"gQ{secrets.token_urlsafe(56)}"
    expires_at = call.now + life if is_temporary else None
    account.codes[ticket] = SceneCode(ticket, str(scene), key == "scene_str", expires_at)
    answer: Json = {"ticket": ticket, "url": SCENE_LINK + ticket}
    return answer | ({"expire_seconds": life} if is_temporary else {})


def show_user(call: Call, account: OfficialAccount) -> Json:
    return _describe(call, account, call.query.get("openid", ""))


def show_users(call: Call, account: OfficialAccount) -> Json:
    wanted = call.body.get("user_list") or []
    if not wanted or len(wanted) > 100:
        raise ApiError(40058, "user_list")
    return {"user_info_list": [_describe(call, account, u.get("openid", "")) for u in wanted]}


def _describe(call: Call, account: OfficialAccount, openid: str) -> Json:
    follower = account.followers.get(openid)
    if follower is None:
        raise ApiError(40003)
    if not follower.is_subscribed:
        return {"subscribe": 0, "openid": openid}
    answer: Json = {
        "subscribe": 1,
        "openid": openid,
        "language": "zh_CN",
        "subscribe_time": follower.subscribed_at,
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE" if follower.scene else "ADD_SCENE_OTHERS",
        "qr_scene": int(follower.scene) if follower.scene.isdigit() else 0,
        "qr_scene_str": "" if follower.scene.isdigit() else follower.scene,
    }
    union_id = call.box.world.persons[follower.person].union_id
    return answer | ({"unionid": union_id} if account.is_bound and union_id else {})


def list_users(call: Call, account: OfficialAccount) -> Json:
    openids = [f.openid for f in account.followers.values() if f.is_subscribed]
    after = call.query.get("next_openid", "")
    begin = openids.index(after) + 1 if after in openids else 0
    page = openids[begin : begin + PAGE]
    answer: Json = {"total": len(openids), "count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return answer | {"next_openid": page[-1] if page else ""}


def find_code(account: OfficialAccount, text: str, now: float) -> SceneCode | None:
    """Find the code by its ticket or by any address that ends in it."""
    for code in account.codes.values():
        if text == code.ticket or text.endswith((quote(code.ticket), f"ticket={code.ticket}")):
            return code if code.expires_at is None or code.expires_at > now else None
    return None


def open_follower(account: OfficialAccount, openid: str, person_id: str) -> Follower:
    return account.followers.setdefault(openid, Follower(openid, person_id))
