"""The chat archive's plain calls (msgaudit): who is archived, who agreed; not what was said.

The provider gives that through its own native library alone, which no simulator can stand in for.
"""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, ControlError, Json
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Person, make_external_userid
from sandbox.wecom.acts import change_contact
from sandbox.wecom.contacts import find_relation

# The provider's own spelling.
EXTERNAL = "exteranalopenid"
ANSWERS = ("Agree", "Disagree", "Default_Agree")


def list_permitted(_call: Call, corp: Corp) -> Json:
    return {"ids": [member.userid for member in corp.members.values() if member.is_active]}


def show_answers(call: Call, corp: Corp) -> Json:
    asked = call.body.get("info")
    if not isinstance(asked, list) or not asked:
        raise ApiError(40058, "info is empty")
    asked = [one for one in asked if isinstance(one, dict)]
    pairs = [(str(one.get("userid", "")), str(one.get(EXTERNAL, ""))) for one in asked]
    found = [(pair, corp.archive_answers.get(" ".join(pair))) for pair in pairs]
    # Who was not asked yet is not in the answer.
    rows = [{"userid": pair[0], EXTERNAL: pair[1]} | row for pair, row in found if row]
    return {"agreeinfo": rows}


def show_group_answers(call: Call, _corp: Corp) -> Json:
    """Answer for a group: nobody answers for groups here yet."""
    if not call.body.get("roomid"):
        raise ApiError(40058, "roomid is empty")
    return {"agreeinfo": []}


def show_inner_group(call: Call, _corp: Corp) -> Json:
    """Show a group of staff; there are none here, and customer groups have their own call."""
    if not call.body.get("roomid"):
        raise ApiError(40058, "roomid is empty")
    return {
        "roomname": "",
        "creator": "",
        "room_create_time": 0,
        "notice": "",
        "members": [],
    }


def answer(box: Sandbox, corp: Corp, userid: str, person: Person, word: str) -> Json:
    """Let a customer answer; only a yes is called back."""
    external = make_external_userid(corp.corp_id, person.id)
    relation = find_relation(corp, userid, external)
    if relation is None or word not in ANSWERS:
        raise ControlError(422, "no such contact or answer")
    row = {"status_change_time": box.clock.second(), "agree_status": word}
    corp.archive_answers[f"{userid} {external}"] = row
    if word != "Agree":
        return {"callbacks": []}
    return {"callbacks": [change_contact(box, corp, relation, "msg_audit_approved")]}
