"""Customer-service messages: fetching by cursor, sending inside the window, answering events."""

from __future__ import annotations

import re
import secrets

from sandbox.callbacks import REPORT_SECONDS
from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.kf.accounts import access_account
from sandbox.kf.sessions import (
    BOT,
    EVENT_TOKEN_SECONDS,
    NEW,
    access_session,
    call_back,
    record_event,
)
from sandbox.kf_state import KfAccount, KfCode, KfRecord, KfSession
from sandbox.state import Corp

HISTORY_SECONDS = 3 * 86400
WINDOW_SECONDS = 48 * 3600
WINDOW_MESSAGES = 5
MENU_ITEMS, MENU_CLICKS, MENU_BYTES, MENU_HEAD_BYTES = 50, 10, 128, 1024
CODE_SECONDS = {"welcome": 20, "reply": WINDOW_SECONDS, "ending": 20}
KINDS = (
    "text",
    "image",
    "voice",
    "video",
    "file",
    "link",
    "miniprogram",
    "msgmenu",
    "location",
    "ca_link",
)
MSGID = re.compile(r"[0-9a-zA-Z_-]{1,32}")
CURSOR = re.compile(r"k([0-9]+)(e?)")


def sync_messages(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    _check_token(call, account)
    found = CURSOR.fullmatch(call.text("cursor") or "k0")
    if found is None:
        raise ApiError(50100)
    after, was_empty = int(found[1]), bool(found[2])
    fresh = [r for r in account.records if r.seq > after and r.at > call.now - HISTORY_SECONDS]
    settings = call.box.world.settings
    if fresh and settings.kf_empty_pages and not was_empty:
        # Documented: a page may be empty although there is more.
        return {"next_cursor": f"k{after}e", "has_more": 1, "msg_list": []}
    size = min(call.limit(1000, 1000), settings.kf_page_size)
    return _make_page(call, account, fresh, after, size)


def _make_page(
    call: Call, account: KfAccount, fresh: list[KfRecord], after: int, size: int
) -> Json:
    page = fresh[:size]
    last = page[-1].seq if page else after
    if last > account.fetched_seq:
        account.fetched_seq = last
        call.box.log.touch()
    has_more = int(len(fresh) > size)
    cursor = f"k{last}e" if has_more else f"k{last}"
    return {"next_cursor": cursor, "has_more": has_more, "msg_list": [r.body for r in page]}


def _check_token(call: Call, account: KfAccount) -> None:
    token = call.text("token")
    if not token:
        limit = call.box.world.settings.kf_without_token_limit
        if call.box.windows.is_over(f"kf without token {account.open_kfid}", limit, 60):
            raise ApiError(45009, "give the token of the event")
        return
    if call.now - account.event_tokens.get(token, 0) > EVENT_TOKEN_SECONDS:
        raise ApiError(95007)


def send_message(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    session = access_session(call, account, call.text("touser"))
    msgid = _take_msgid(call, account)
    if session.state not in (NEW, BOT):
        raise ApiError(95018)
    _check_message(call)
    _check_window(session, call.now)
    account.msgids.append(msgid)
    session.sent_count += 1
    session.last_at = call.now
    _deliver_or_fail(call, corp, account, session, msgid)
    return {"msgid": msgid}


def _take_msgid(call: Call, account: KfAccount) -> str:
    msgid = call.text("msgid") or secrets.token_urlsafe(20)
    if not MSGID.fullmatch(msgid):
        raise ApiError(40058, "msgid")
    if msgid in account.msgids:
        raise ApiError(95033)
    return msgid


def _check_message(call: Call) -> None:
    kind = call.text("msgtype")
    content = call.body.get(kind)
    if kind not in KINDS or not isinstance(content, dict):
        raise ApiError(40058, "msgtype")
    if kind == "text" and not 0 < len(content.get("content", "").encode()) <= 2048:
        raise ApiError(40058, "text is empty or longer than 2048 bytes")
    if kind == "msgmenu":
        _check_menu(content)


def _check_menu(content: Json) -> None:
    """Count the items, and look at what may be pressed (document 94677: bytes)."""
    items = content.get("list") or []
    clicks = [i.get("click") or {} for i in items if i.get("type") == "click"]
    if len(items) > MENU_ITEMS or len(clicks) > MENU_CLICKS:
        raise ApiError(95008)
    for click in clicks:
        lengths = [len(str(click.get(name, "")).encode()) for name in ("id", "content")]
        if not lengths[1] or max(lengths) > MENU_BYTES:
            raise ApiError(40058, "click")
    if len(str(content.get("head_content", "")).encode()) > MENU_HEAD_BYTES:
        raise ApiError(40058, "head_content")


def _check_window(session: KfSession, now: float) -> None:
    if now - session.last_customer_at > WINDOW_SECONDS:
        raise ApiError(95002)
    if session.sent_count >= WINDOW_MESSAGES:
        raise ApiError(95001)


def _deliver_or_fail(
    call: Call, corp: Corp, account: KfAccount, session: KfSession, msgid: str
) -> None:
    """Show it on the phone, or tell later that it failed although the call succeeded."""
    if session.fail_type is not None:
        event: Json = {
            "event_type": "msg_send_fail",
            "external_userid": call.text("touser"),
            "fail_msgid": msgid,
            "fail_type": session.fail_type,
        }
        record_event(call.box, account, event)
        call_back(call.box, corp, account, REPORT_SECONDS)
        return
    kind = call.text("msgtype")
    show_message(call, account, session.person, kind, call.body[kind], msgid)


def show_message(
    call: Call, account: KfAccount, person_id: str, kind: str, content: Json, msgid: str
) -> None:
    person = call.box.world.persons[person_id]
    body = {"text": content.get("content", "")} if kind == "text" else dict(content)
    call.box.deliver(
        person,
        f"kf:{account.open_kfid}",
        kind=kind,
        body=body,
        via="kf",
        sender=account.name,
        provider_id=msgid,
    )


def send_on_event(call: Call, corp: Corp) -> Json:
    code = corp.kf_codes.get(call.text("code"))
    if code is None or code.is_used:
        raise ApiError(40029 if code is None else 40163)
    if call.now - code.issued_at > CODE_SECONDS[code.kind]:
        raise ApiError(40029, "code is too old")
    account = access_account(corp, code.open_kfid)
    kind = call.text("msgtype")
    if kind not in ("text", "msgmenu") or (code.kind == "reply" and kind != "text"):
        raise ApiError(40058, "msgtype")
    _check_message(call)
    msgid = _take_msgid(call, account)
    _use(code, account, msgid)
    show_message(call, account, code.person, kind, call.body[kind], msgid)
    return {"msgid": msgid}


def _use(code: KfCode, account: KfAccount, msgid: str) -> None:
    code.is_used = True
    account.msgids.append(msgid)
