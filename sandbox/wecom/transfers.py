"""Moving customers from one member to another (在职继承, 离职继承), documents 92124 to 94088."""

from __future__ import annotations

import asyncio

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp, Member
from sandbox.wecom.contacts import STANDING, access_member, find_relation
from sandbox.wecom.people import DONE, WAITING, Transfer

MOST_CUSTOMERS = 100
LONGEST_WORDS = 200
PAGE = 1000
TIMES, TIMES_SECONDS = 2, 90 * 24 * 3600

# The leavers whose customers a call is moving at this moment.
BEING_MOVED: set[str] = set()


def transfer_customer(call: Call, corp: Corp) -> Json:
    """Begin to move customers of a member who is still there. Each has an errcode of its own."""
    handover, takeover, customers = _read(call)
    access_member(corp, handover)
    _check_takeover(corp, takeover)
    words = call.text("transfer_success_msg")
    if len(words) > LONGEST_WORDS:
        raise ApiError(40058, "transfer_success_msg is longer than 200")
    return {
        "customer": [
            _begin(call, corp, Transfer(handover, takeover, one, "", False, 0, words=words))
            for one in customers
        ]
    }


async def transfer_resigned(call: Call, corp: Corp) -> Json:
    """Begin to move customers of a member who left; two calls on one leaver at once conflict."""
    handover, takeover, customers = _read(call)
    key = f"{corp.corp_id}|{handover}"
    if key in BEING_MOVED:
        raise ApiError(45035)
    BEING_MOVED.add(key)
    try:
        if seconds := call.box.world.settings.transfer_busy_seconds:
            await asyncio.sleep(seconds)
        _access_leaver(corp, handover)
        _check_takeover(corp, takeover)
        moved = [Transfer(handover, takeover, one, "", True, 0) for one in customers]
        return {"customer": [_begin(call, corp, one) for one in moved]}
    finally:
        BEING_MOVED.discard(key)


def _read(call: Call) -> tuple[str, str, list[str]]:
    handover, takeover = call.text("handover_userid"), call.text("takeover_userid")
    if not handover or handover == takeover:
        raise ApiError(40130)
    customers = call.body.get("external_userid")
    if not isinstance(customers, list) or not customers:
        raise ApiError(40058, "external_userid")
    if len(customers) > MOST_CUSTOMERS:
        raise ApiError(81017)
    return handover, takeover, [str(one) for one in customers]


def _access_leaver(corp: Corp, userid: str) -> Member:
    member = corp.members.get(userid)
    if member is None or not member.left_at:
        raise ApiError(40097)
    return member


def _check_takeover(corp: Corp, userid: str) -> None:
    if not access_member(corp, userid).is_verified:
        raise ApiError(40098)


def _begin(call: Call, corp: Corp, transfer: Transfer) -> Json:
    code = _refusal(call, corp, transfer)
    if not code:
        relation = find_relation(corp, transfer.handover_userid, transfer.external_userid)
        transfer.person = relation.person if relation else ""
        transfer.asked_at = call.box.clock.second()
        corp.transfers.append(transfer)
        _announce(call, corp, transfer)
    return {"external_userid": transfer.external_userid, "errcode": code}


def _announce(call: Call, corp: Corp, transfer: Transfer) -> None:
    """Show the client's own line: somebody else will take over, unless the customer refuses."""
    person = call.box.world.persons.get(transfer.person)
    if person is not None:
        call.box.deliver(
            person,
            f"wecom:{corp.corp_id}:{transfer.handover_userid}",
            kind="note",
            body={"note": "transfer_asked", "name": corp.members[transfer.takeover_userid].name},
            via="client",
            side="system",
        )


def _refusal(call: Call, corp: Corp, asked: Transfer) -> int:
    """Return why this one customer cannot be moved now; 0: it has begun."""
    if not asked.external_userid.startswith(("wm", "wo")):
        return 40096
    relation = find_relation(corp, asked.handover_userid, asked.external_userid)
    if relation is None or relation.state not in STANDING:
        return 40131
    same = [one for one in corp.transfers if one.external_userid == asked.external_userid]
    mine = [one for one in same if one.handover_userid == asked.handover_userid]
    if any(one.status == WAITING for one in mine):
        return 40100 if asked.is_resigned else 40129
    since = call.now - TIMES_SECONDS
    if sum(one.status in (DONE, WAITING) and one.asked_at > since for one in same) >= TIMES:
        return 40128
    return 40099 if is_full(corp, asked.takeover_userid) else 0


def is_full(corp: Corp, userid: str) -> bool:
    limit = corp.members[userid].customer_limit
    standing = [r for r in corp.relations.values() if r.userid == userid and r.state in STANDING]
    return bool(limit) and len(standing) >= limit


def show_results(call: Call, corp: Corp) -> Json:
    return _results(call, corp, is_resigned=False)


def show_resigned_results(call: Call, corp: Corp) -> Json:
    return _results(call, corp, is_resigned=True)


def _results(call: Call, corp: Corp, *, is_resigned: bool) -> Json:
    pair = call.text("handover_userid"), call.text("takeover_userid")
    # A customer asked for again counts by the latest.
    found = {
        one.external_userid: one
        for one in corp.transfers
        if (one.handover_userid, one.takeover_userid) == pair and one.is_resigned == is_resigned
    }
    begin = _cursor(call.text("cursor"))
    rows = list(found.values())
    answer: Json = {"customer": [_describe(one) for one in rows[begin : begin + PAGE]]}
    if len(rows) > begin + PAGE:
        answer["next_cursor"] = f"c{begin + PAGE}"
    return answer


def _describe(transfer: Transfer) -> Json:
    row: Json = {"external_userid": transfer.external_userid, "status": transfer.status}
    if transfer.takeover_time:
        row["takeover_time"] = transfer.takeover_time
    return row


def _cursor(text: str) -> int:
    if not text:
        return 0
    if not text.startswith("c") or not text[1:].isdigit():
        raise ApiError(50100)
    return int(text[1:])


def list_unassigned(call: Call, corp: Corp) -> Json:
    """List the customers of those who left, without the ones that somebody is taking over."""
    size = call.body.get("page_size") or PAGE
    if not isinstance(size, int) or not 0 < size <= PAGE:
        raise ApiError(40058, "page_size")
    waiting = {
        (one.handover_userid, one.external_userid)
        for one in corp.transfers
        if one.status == WAITING
    }
    rows = [
        {
            "handover_userid": relation.userid,
            "external_userid": relation.external_userid,
            "dimission_time": corp.members[relation.userid].left_at,
        }
        for relation in corp.relations.values()
        if relation.state in STANDING
        and relation.userid in corp.members
        and corp.members[relation.userid].left_at
        and (relation.userid, relation.external_userid) not in waiting
    ]
    begin = _cursor(call.text("cursor"))
    is_last = len(rows) <= begin + size
    answer: Json = {"info": rows[begin : begin + size], "is_last": is_last}
    if not is_last:
        answer["next_cursor"] = f"c{begin + size}"
    return answer
