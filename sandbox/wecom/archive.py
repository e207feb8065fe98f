"""The chat archive's plain calls (msgaudit): who is archived, who agreed.

What was said the provider gives through its own native library alone: `sandbox/finance_sdk.py`.
"""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, ControlError, Json
from sandbox.group_state import OUTSIDE
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Person, make_external_userid
from sandbox.wecom.acts import change_contact
from sandbox.wecom.contacts import find_relation

# The provider's own spelling.
EXTERNAL = "exteranalopenid"
ANSWERS = ("Agree", "Disagree", "Default_Agree")


def list_permitted(_call: Call, corp: Corp) -> Json:
    active = [member.userid for member in corp.members.values() if member.is_active]
    permitted = corp.archive.permitted or active
    return {"ids": [userid for userid in active if userid in permitted]}


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


def show_group_answers(call: Call, corp: Corp) -> Json:
    """Answer for those people from outside who are in the group and were asked."""
    room = call.text("roomid")
    if not room:
        raise ApiError(40058, "roomid is empty")
    group = corp.groups.chats.get(room)
    outside = [one.id for one in group.members.values() if one.kind == OUTSIDE] if group else []
    found = [(one, corp.archive_answers.get(f"{room} {one}")) for one in outside]
    return {"agreeinfo": [{EXTERNAL: one} | row for one, row in found if row]}


def show_inner_group(call: Call, corp: Corp) -> Json:
    """Show a group of staff; customer groups have their own call."""
    room = call.text("roomid")
    if not room:
        raise ApiError(40058, "roomid is empty")
    group = corp.archive.inner_groups.get(room, {})
    return {
        "roomname": str(group.get("name", "")),
        "creator": str(group.get("creator", "")),
        "room_create_time": int(group.get("created_at", 0)),
        "notice": "",
        "members": [
            {"memberid": userid, "jointime": int(group.get("created_at", 0))}
            for userid in group.get("members", [])
        ],
    }


def answer_in_group(box: Sandbox, corp: Corp, chat_id: str, person: Person, word: str) -> Json:
    """Let somebody in a group answer for it. No callback is documented for groups."""
    external = make_external_userid(corp.corp_id, person.id)
    group = corp.groups.chats.get(chat_id)
    if group is None or external not in group.members or word not in ANSWERS:
        raise ControlError(422, "not in the group, or no such answer")
    row = {"status_change_time": box.clock.second(), "agree_status": word}
    corp.archive_answers[f"{chat_id} {external}"] = row
    return {"callbacks": []}


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
