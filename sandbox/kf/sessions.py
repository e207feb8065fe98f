"""Session states of customer service: who may answer, and how states may change."""

from __future__ import annotations

import secrets

from sandbox.callbacks import XmlValue
from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.kf.accounts import access_account
from sandbox.kf_state import KfAccount, KfCode, KfRecord, KfSession
from sandbox.runtime import Sandbox, corp_target
from sandbox.state import Corp, make_external_userid

NEW, BOT, POOL, HUMAN, ENDED = 0, 1, 2, 3, 4
SESSION_SECONDS = 48 * 3600
EVENT_TOKEN_SECONDS = 600


def find_session(account: KfAccount, external_userid: str, now: float) -> KfSession | None:
    """Find the session as it stands now: 48 hours after the last word it has ended."""
    session = account.sessions.get(external_userid)
    if session and session.state != ENDED and now - session.last_at > SESSION_SECONDS:
        session.state, session.servicer = ENDED, ""
    return session


def open_session(corp: Corp, account: KfAccount, person_id: str) -> tuple[str, KfSession]:
    external_userid = make_external_userid(corp.corp_id, person_id)
    session = account.sessions.setdefault(external_userid, KfSession(person_id))
    return external_userid, session


def access_session(call: Call, account: KfAccount, external_userid: str) -> KfSession:
    session = find_session(account, external_userid, call.now)
    if session is None:
        raise ApiError(40096)
    return session


def show_state(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    session = access_session(call, account, call.text("external_userid"))
    answer: Json = {"service_state": session.state}
    return answer | ({"servicer_userid": session.servicer} if session.servicer else {})


def change_state(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    session = access_session(call, account, call.text("external_userid"))
    target = call.body.get("service_state")
    if session.state == ENDED:
        raise ApiError(95013)
    allowed = call.box.world.settings.kf_transitions.get(str(session.state), [])
    if target not in allowed:
        raise ApiError(95016)
    servicer = call.text("servicer_userid")
    if target == HUMAN:
        _check_servicer(account, servicer)
    code = _make_change_code(call, corp, account, session, target)
    session.state = target
    session.servicer = servicer if target == HUMAN else ""
    session.last_at = call.now
    return {"msg_code": code} if code else {}


def _check_servicer(account: KfAccount, userid: str) -> None:
    if userid not in account.servicers:
        raise ApiError(95014)
    if userid in account.paused:
        raise ApiError(95019)


def _make_change_code(
    call: Call, corp: Corp, account: KfAccount, session: KfSession, target: int
) -> str:
    """Give the reply code on the first hand-on, the ending code on the end."""
    if target in (POOL, HUMAN) and not session.was_handed_on:
        session.was_handed_on = True
        return make_code(call.box, corp, account, session.person, "reply")
    if target == ENDED:
        return make_code(call.box, corp, account, session.person, "ending")
    return ""


def make_code(box: Sandbox, corp: Corp, account: KfAccount, person_id: str, kind: str) -> str:
    code = secrets.token_urlsafe(24)
    now = box.clock.now()
    corp.kf_codes = {k: c for k, c in corp.kf_codes.items() if now - c.issued_at < SESSION_SECONDS}
    corp.kf_codes[code] = KfCode(code, kind, account.open_kfid, person_id, now)
    return code


def record(box: Sandbox, account: KfAccount, body: Json) -> str:
    """Add one thing for sync_msg to hand out; returns its msgid."""
    msgid = secrets.token_urlsafe(21)
    full = {"msgid": msgid, "send_time": box.clock.second()} | body
    account.records.append(KfRecord(account.next_seq, box.clock.now(), full))
    account.next_seq += 1
    return msgid


def record_event(box: Sandbox, account: KfAccount, event: Json) -> str:
    """Add an event; its ids stand inside it and not at the top."""
    with_account = {"open_kfid": account.open_kfid} | event
    return record(box, account, {"origin": 4, "msgtype": "event", "event": with_account})


def call_back(box: Sandbox, corp: Corp, account: KfAccount, wait_seconds: float = 0.0) -> int:
    """Tell the product that there is something to fetch."""
    now = box.clock.now()
    token = f"ENC{secrets.token_urlsafe(30)}"
    account.event_tokens = {
        k: at for k, at in account.event_tokens.items() if now - at < EVENT_TOKEN_SECONDS
    }
    account.event_tokens[token] = now
    fields: dict[str, XmlValue] = {
        "ToUserName": corp.corp_id,
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "kf_msg_or_event",
        "Token": token,
        "OpenKfId": account.open_kfid,
    }
    target = corp_target(corp, "wecom_kf")
    return box.sender.send(target, "kf_msg_or_event", fields, _app_of(corp), wait_seconds)


def tell_authorised(box: Sandbox, corp: Corp, open_kfids: list[str], *, allowed: bool) -> int:
    """Tell the product for which accounts it may answer now, or no more."""
    fields: dict[str, XmlValue] = {
        "ToUserName": corp.corp_id,
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "kf_account_auth_change",
        "AuthAddOpenKfId" if allowed else "AuthDelOpenKfId": list(open_kfids),
    }
    target = corp_target(corp, "wecom_kf")
    return box.sender.send(target, "kf_account_auth_change", fields, _app_of(corp))


def _app_of(corp: Corp) -> str:
    return next((a.agent_id for a in corp.apps if "kf" in a.rights), "")
