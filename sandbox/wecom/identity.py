"""Who opened a page inside WeCom or WeChat, and the tickets for page signatures."""

from __future__ import annotations

import secrets

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp, derive, make_external_userid, make_openid
from sandbox.wecom.contacts import STANDING

CODE_SECONDS = 300
TICKET_SECONDS = 7200


def show_user(call: Call, corp: Corp) -> Json:
    code = call.box.world.oauth_codes.get(call.query.get("code", ""))
    if code is None or code.account != corp.corp_id:
        raise ApiError(40029)
    if code.is_used:
        raise ApiError(42022)
    if call.now - code.issued_at > CODE_SECONDS:
        raise ApiError(40029, "code is over 5 minutes old")
    code.is_used = True
    if code.userid:
        return {"userid": code.userid, "user_ticket": secrets.token_urlsafe(40)}
    external = make_external_userid(corp.corp_id, code.person)
    answer: Json = {"openid": make_openid(corp.corp_id, code.person)}
    # Only for customers of a member whom the app may see.
    if any(r.state in STANDING for r in corp.list_relations(external)):
        answer["external_userid"] = external
    return answer


def give_ticket(call: Call, corp: Corp) -> Json:
    ticket = make_ticket(corp.corp_id, call.agent_id, call.query.get("type", "jsapi"), call.now)
    left = TICKET_SECONDS - int(call.now) % TICKET_SECONDS
    return {"ticket": ticket, "expires_in": left}


def make_ticket(corp_id: str, agent_id: str, kind: str, now: float) -> str:
    """Make the ticket of this time: the same for every asker until it runs out."""
    turn = str(int(now // TICKET_SECONDS))
    return derive("sM4AOV", corp_id, agent_id, kind, turn, size=40)
