"""Customer-service accounts, their links, servicers and customers."""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp, KfAccount

SCENE = re.compile(r"[0-9a-zA-Z_-]{0,32}")


def access_account(corp: Corp, open_kfid: str) -> KfAccount:
    account = corp.kf.get(open_kfid)
    if account is None:
        raise ApiError(95000)
    return account


def list_accounts(call: Call, corp: Corp) -> Json:
    begin = int(call.body.get("offset") or 0)
    page = list(corp.kf.values())[begin : begin + call.limit(100, 100)]
    rows = [
        {"open_kfid": a.open_kfid, "name": a.name, "avatar": "", "manage_privilege": a.is_managed}
        for a in page
    ]
    return {"account_list": rows}


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
