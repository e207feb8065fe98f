"""Who opened the mini-program: the codes of the client, exchanged by the server."""

from __future__ import annotations

import base64
import secrets

from sandbox import tokens
from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.mini_program.users import MiniCode, MiniUser
from sandbox.state import MiniProgram, make_openid

CODE_SECONDS = 300
# Document jscode2session: 100 a minute for each person.
EXCHANGES_PER_MINUTE = 100


def open_user(program: MiniProgram, person_id: str) -> MiniUser:
    """Return the person as this mini-program knows her, made the first time she opens it."""
    openid = make_openid(program.app_id, person_id)
    return program.users.setdefault(openid, MiniUser(openid, person_id))


def issue_code(program: MiniProgram, person_id: str, kind: str, now: float) -> str:
    """Give the client a code: of wx.login, or of the button that shares the phone number."""
    code = MiniCode(secrets.token_urlsafe(24), kind, person_id, now)
    live = {k: c for k, c in program.codes.items() if now - c.issued_at < 86400}
    program.codes = live | {code.code: code}
    return code.code


def take_code(program: MiniProgram, text: str, kind: str, now: float) -> MiniCode:
    """Use a code up. The phone button's one is not accepted at sign-in, nor the other way round."""
    code = program.codes.get(text)
    if code is None or code.kind != kind or now - code.issued_at > CODE_SECONDS:
        raise ApiError(40029)
    if code.is_used:
        raise ApiError(40163)
    code.is_used = True
    return code


def exchange_code(call: Call) -> Json:
    """Answer without an errcode, as the documents show; the session key is for the server only."""
    query, programs = call.query, call.box.world.mini_programs
    app_id, secret = query.get("appid", ""), query.get("secret", "")
    program = tokens.find_holder(call, programs, app_id, secret)
    if query.get("grant_type") != "authorization_code":
        raise ApiError(40058, "grant_type")
    code = take_code(program, query.get("js_code", ""), "login", call.now)
    user = open_user(program, code.person)
    if call.box.windows.is_over(f"session {user.openid}", EXCHANGES_PER_MINUTE, 60):
        raise ApiError(45011)
    if user.is_risky:
        raise ApiError(40226)
    user.session_key = base64.b64encode(secrets.token_bytes(16)).decode()
    answer: Json = {"session_key": user.session_key, "openid": user.openid}
    union_id = call.box.world.persons[code.person].union_id
    return answer | ({"unionid": union_id} if program.is_bound and union_id else {})


def show_phone_number(call: Call, program: MiniProgram) -> Json:
    code = take_code(program, call.text("code"), "phone", call.now)
    number = call.box.world.persons[code.person].phone
    call.notes["person"] = code.person
    info: Json = {
        "phoneNumber": number,
        "purePhoneNumber": number,
        # Seen as a text and as a number; readers must take both.
        "countryCode": 86 if call.box.world.take_id() % 2 else "86",
        "watermark": {"timestamp": int(call.now), "appid": program.app_id},
    }
    return {"phone_info": info}
