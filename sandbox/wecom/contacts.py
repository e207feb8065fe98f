"""Customers: who follows whom, one by one and in pages; remarks and tags of a relation."""

from __future__ import annotations

import asyncio

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp, Member, Relation, make_external_userid

PAGE = 100
STANDING = ("active", "half", "removed_by_customer")


def relation_key(userid: str, external_userid: str) -> str:
    return f"{userid}|{external_userid}"


def find_relation(corp: Corp, userid: str, external_userid: str) -> Relation | None:
    return corp.relations.get(relation_key(userid, external_userid))


def access_member(corp: Corp, userid: str) -> Member:
    member = corp.members.get(userid)
    if member is None or not member.is_active:
        raise ApiError(60111)
    return member


def access_relation(corp: Corp, userid: str, external_userid: str) -> Relation:
    """Find a relation that stands; one the customer ended still exists on the member's side."""
    access_member(corp, userid)
    if not external_userid.startswith(("wm", "wo")):
        raise ApiError(40096)
    relation = find_relation(corp, userid, external_userid)
    if relation is None or relation.state not in STANDING:
        raise ApiError(84061)
    return relation


def list_follow_users(_call: Call, corp: Corp) -> Json:
    return {"follow_user": [m.userid for m in corp.members.values() if m.is_active]}


def list_contacts(call: Call, corp: Corp) -> Json:
    userid = call.query.get("userid", "")
    access_member(corp, userid)
    found = [r.external_userid for r in _standing(corp) if r.userid == userid]
    if not found:
        raise ApiError(84061)
    return {"external_userid": found}


def _standing(corp: Corp) -> list[Relation]:
    return [r for r in corp.relations.values() if r.state in STANDING]


def show_contact(call: Call, corp: Corp) -> Json:
    external_userid = call.query.get("external_userid", "")
    if not external_userid.startswith(("wm", "wo")):
        raise ApiError(40096)
    relations = [r for r in _standing(corp) if r.external_userid == external_userid]
    if not relations:
        raise ApiError(84061)
    begin = _cursor(call.query.get("cursor", ""))
    page = relations[begin : begin + 500]
    answer: Json = {
        "external_contact": describe_contact(call, corp, relations[0]),
        "follow_user": [_describe_follow(corp, r) for r in page],
    }
    if len(relations) > begin + 500:
        answer["next_cursor"] = f"c{begin + 500}"
    return answer


def _cursor(text: str) -> int:
    if not text:
        return 0
    if not text.startswith("c") or not text[1:].isdigit():
        raise ApiError(50100)
    return int(text[1:])


def describe_contact(call: Call, corp: Corp, relation: Relation) -> Json:
    person = call.box.world.persons[relation.person]
    external_userid = make_external_userid(corp.corp_id, person.id)
    is_wecom_user = external_userid.startswith("wo")
    contact: Json = {
        "external_userid": external_userid,
        "name": person.name,
        "type": 2 if is_wecom_user else 1,
        "avatar": "",
        "gender": person.gender,
    }
    if corp.has_developer_account and person.union_id and not is_wecom_user:
        contact["unionid"] = person.union_id
    return contact


def _describe_common(relation: Relation) -> Json:
    common: Json = {
        "userid": relation.userid,
        "remark": relation.remark.get("remark", ""),
        "description": relation.remark.get("description", ""),
        "createtime": relation.added_at,
        "remark_mobiles": relation.remark.get("remark_mobiles", []),
        "oper_userid": relation.external_userid,
        "add_way": relation.add_way,
    }
    if relation.code_state:
        common["state"] = relation.code_state
    return common


def _describe_follow(corp: Corp, relation: Relation) -> Json:
    tags = [
        {"group_name": group.name, "tag_name": tag.name, "tag_id": tag.id, "type": 1}
        for group in corp.tag_groups
        for tag in group.tags
        if tag.id in relation.tag_ids
    ]
    return _describe_common(relation) | {"tags": tags}


def list_contacts_of_many(call: Call, corp: Corp) -> Json:
    userids = call.body.get("userid_list") or []
    if not userids or len(userids) > 100:
        raise ApiError(40058, "userid_list")
    limit = call.limit(50, PAGE)
    begin = _cursor(call.text("cursor"))
    unlicensed = [u for u in userids if u in corp.members and not corp.members[u].has_licence]
    listed = set(userids) - set(unlicensed)
    found = [r for r in corp.relations.values() if r.userid in listed and r.state in STANDING]
    page = found[begin : begin + limit]
    rows = [
        {
            "external_contact": describe_contact(call, corp, r),
            "follow_info": _describe_common(r) | {"tag_id": list(r.tag_ids)},
        }
        for r in page
    ]
    more = f"c{begin + limit}" if len(found) > begin + limit else ""
    return {
        "external_contact_list": rows,
        "next_cursor": more,
        "fail_info": {"unlicensed_userid_list": unlicensed},
    }


def remark_contact(call: Call, corp: Corp) -> Json:
    relation = access_relation(corp, call.text("userid"), call.text("external_userid"))
    for name in ("remark", "description", "remark_company"):
        if name in call.body:
            relation.remark[name] = call.text(name)
    mobiles = call.body.get("remark_mobiles")
    if mobiles is not None:
        # One empty text clears the numbers.
        relation.remark["remark_mobiles"] = [m for m in mobiles if m]
    return {}


# The pairs that a call is marking at this moment.
BEING_MARKED: set[str] = set()


async def mark_tags(call: Call, corp: Corp) -> Json:
    """Mark one relation. A second call on the same pair at the same time is refused."""
    key = f"{corp.corp_id}|{relation_key(call.text('userid'), call.text('external_userid'))}"
    if key in BEING_MARKED:
        raise ApiError(45035)
    BEING_MARKED.add(key)
    try:
        if seconds := call.box.world.settings.mark_busy_seconds:
            await asyncio.sleep(seconds)
        return _mark_tags(call, corp)
    finally:
        BEING_MARKED.discard(key)


def _mark_tags(call: Call, corp: Corp) -> Json:
    relation = access_relation(corp, call.text("userid"), call.text("external_userid"))
    known = {tag.id for group in corp.tag_groups for tag in group.tags}
    added, removed = call.body.get("add_tag") or [], call.body.get("remove_tag") or []
    if not added and not removed:
        raise ApiError(40058, "add_tag and remove_tag are both empty")
    if not known.issuperset(added):
        raise ApiError(40068)
    kept = [tag for tag in relation.tag_ids if tag not in removed]
    relation.tag_ids = kept + [tag for tag in added if tag not in kept]
    return {}


def convert_union_id(call: Call, corp: Corp) -> Json:
    union_id = call.text("unionid")
    for person in call.box.world.persons.values():
        external = make_external_userid(corp.corp_id, person.id)
        if union_id and person.union_id == union_id and corp.list_relations(external):
            return {"external_userid": external}
    raise ApiError(84061)
