"""Customer-service accounts, their links, servicers and customers."""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.kf_state import KfAccount
from sandbox.state import Corp
from sandbox.wecom.media import find_media

SCENE = re.compile(r"[0-9a-zA-Z_-]{0,32}")
NAME_CHARACTERS, MEDIA_BYTES = 16, 128


def access_account(corp: Corp, open_kfid: str) -> KfAccount:
    """Return an account that the app may answer for; one it only sees is 95004."""
    account = corp.kf.get(open_kfid)
    if account is None:
        raise ApiError(95000)
    if not account.is_managed:
        raise ApiError(95004)
    return account


def add_account(call: Call, corp: Corp) -> Json:
    name = _read_name(call)
    if not name:
        raise ApiError(40058, "name")
    if not call.text("media_id"):
        raise ApiError(40058, "media_id")
    if len(corp.kf) >= call.box.world.settings.kf_account_limit:
        raise ApiError(95026)
    account = KfAccount(f"wk{secrets.token_urlsafe(24)}", name, avatar=_read_avatar(call, corp))
    corp.kf[account.open_kfid] = account
    return {"open_kfid": account.open_kfid}


def update_account(call: Call, corp: Corp) -> Json:
    """Change the name, the picture, or both: what is not given stays."""
    account = access_account(corp, call.text("open_kfid"))
    name, avatar = _read_name(call), _read_avatar(call, corp)
    account.name, account.avatar = name or account.name, avatar or account.avatar
    return {}


def remove_account(call: Call, corp: Corp) -> Json:
    del corp.kf[access_account(corp, call.text("open_kfid")).open_kfid]
    return {}


def _read_name(call: Call) -> str:
    name = call.text("name")
    if len(name) > NAME_CHARACTERS:
        raise ApiError(95006)
    return name


def _read_avatar(call: Call, corp: Corp) -> str:
    media_id = call.text("media_id")
    if not media_id:
        return ""
    if len(media_id.encode()) > MEDIA_BYTES or find_media(corp, media_id, call.now).kind != "image":
        raise ApiError(40007)
    return f"{call.root}/media/{secrets.token_hex(8)}.png"


def list_accounts(call: Call, corp: Corp) -> Json:
    begin = int(call.body.get("offset") or 0)
    page = list(corp.kf.values())[begin : begin + call.limit(100, 100)]
    return {"account_list": [_show(account) for account in page]}


def _show(account: KfAccount) -> Json:
    return {
        "open_kfid": account.open_kfid,
        "name": account.name,
        "avatar": account.avatar,
        "manage_privilege": account.is_managed,
    }


def add_link(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    scene = call.text("scene")
    if not SCENE.fullmatch(scene):
        raise ApiError(40058, "scene")
    key = next((k for k, s in account.links.items() if s == scene), secrets.token_hex(8))
    account.links[key] = scene
    return {"url": f"{call.root}/kf/{quote(account.open_kfid)}?enc_scene={key}"}


def list_servicers(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.query.get("open_kfid", ""))
    rows = [{"userid": u, "status": int(u in account.paused)} for u in account.servicers]
    return {"servicer_list": rows}


def add_servicers(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    rows: list[Json] = []
    for userid in call.body.get("userid_list") or []:
        if userid not in corp.members:
            rows.append({"userid": userid, "errcode": 60111, "errmsg": "userid not found"})
            continue
        words = "ignored" if userid in account.servicers else "success"
        rows.append({"userid": userid, "errcode": 0, "errmsg": words})
        if words == "success":
            account.servicers.append(userid)
    return {"result_list": rows}


def remove_servicers(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    gone = call.body.get("userid_list") or []
    account.servicers = [userid for userid in account.servicers if userid not in gone]
    return {"result_list": [{"userid": u, "errcode": 0, "errmsg": "success"} for u in gone]}
