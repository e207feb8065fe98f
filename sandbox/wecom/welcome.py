"""The welcome code: issued with the add event, good for 20 seconds and for one delivery."""

from __future__ import annotations

import asyncio
import secrets

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Relation, WelcomeCode
from sandbox.wecom.attachments import check_content, list_parts
from sandbox.wecom.contacts import find_relation

CODE_SECONDS = 20


def issue_code(box: Sandbox, corp: Corp, relation: Relation) -> str:
    """Make a code, or none when the corp greets by itself or the contact uses WeCom too."""
    if corp.has_own_welcome or relation.external_userid.startswith("wo"):
        return ""
    now = box.clock.now()
    corp.welcome_codes = {
        k: c for k, c in corp.welcome_codes.items() if c.issued_at > now - 30 * 86400
    }
    code = secrets.token_urlsafe(32)
    corp.welcome_codes[code] = WelcomeCode(code, relation.userid, relation.external_userid, now)
    return code


async def send_welcome(call: Call, corp: Corp) -> Json:
    check_content(corp, call.body, call.now)
    code = corp.welcome_codes.get(call.text("welcome_code"))
    if code is None:
        raise ApiError(41050)
    relation = find_relation(corp, code.userid, code.external_userid)
    call.notes["seconds"] = round(call.now - code.issued_at, 1)
    _check_code(code, relation, call.now)
    code.status = "sending"
    if seconds := call.box.world.settings.welcome_busy_seconds:
        await asyncio.sleep(seconds)
    code.status = "delivered"
    if relation is not None:
        deliver_as_member(call.box, corp, relation, call.body, "welcome")
    return {}


def _check_code(code: WelcomeCode, relation: Relation | None, now: float) -> None:
    if code.status == "delivered" or (relation and relation.has_chatted):
        raise ApiError(41051)
    if code.status == "sending":
        raise ApiError(41096)
    if now - code.issued_at > CODE_SECONDS:
        raise ApiError(41050, "over 20 seconds")
    if relation is None or relation.state not in ("active", "half"):
        raise ApiError(41050, "no relation")


def deliver_as_member(box: Sandbox, corp: Corp, relation: Relation, body: Json, via: str) -> None:
    """Put text and attachments into the 1:1 chat, each as a message of its own."""
    person = box.world.persons[relation.person]
    member = corp.members[relation.userid]
    for kind, part in list_parts(body):
        box.deliver(
            person,
            f"wecom:{corp.corp_id}:{relation.userid}",
            kind=kind,
            body=part,
            via=via,
            sender=member.name,
        )
