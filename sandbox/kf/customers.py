"""Who writes to customer service: named if they wrote in the last two days (document 95159)."""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.kf_state import KfSession
from sandbox.state import Corp, derive

MOST_CUSTOMERS = 100
# Whoever has not written for so long is as unknown as somebody who never did.
TALK_SECONDS = 48 * 3600


def show_customers(call: Call, corp: Corp) -> Json:
    wanted = call.body.get("external_userid_list") or []
    if not wanted or len(wanted) > MOST_CUSTOMERS:
        raise ApiError(40058, "external_userid_list")
    talks = _list_talks(corp, call.now)
    rows = [_describe(call, corp, one, talks[one]) for one in wanted if one in talks]
    return {
        "customer_list": rows,
        "invalid_external_userid": [one for one in wanted if one not in talks],
    }


def _list_talks(corp: Corp, now: float) -> dict[str, list[KfSession]]:
    """Return the sessions of everybody who wrote to any account of the corp of late."""
    talks: dict[str, list[KfSession]] = {}
    for account in corp.kf.values():
        for external, session in account.sessions.items():
            if now - session.last_customer_at <= TALK_SECONDS:
                talks.setdefault(external, []).append(session)
    return talks


def _describe(call: Call, corp: Corp, external_userid: str, sessions: list[KfSession]) -> Json:
    person = call.box.world.persons[sessions[0].person]
    row: Json = {
        "external_userid": external_userid,
        "nickname": person.name or derive("wx", person.id, size=6),
        "avatar": "",
        "gender": person.gender,
    }
    if corp.has_developer_account and person.union_id:
        row["unionid"] = person.union_id
    last = max(sessions, key=lambda one: one.entered_at)
    if call.text("need_enter_session_context") == "1" and (
        call.now - last.entered_at <= TALK_SECONDS
    ):
        row["enter_session_context"] = {"scene": last.scene, "scene_param": last.scene_param}
    return row
