"""What people and staff do in customer groups, by verb."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.control.configure import access_corp, access_person
from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Member, Person, make_external_userid
from sandbox.wecom import group_acts

PersonVerb = Callable[[Sandbox, Person, Json], Json]
MemberVerb = Callable[[Sandbox, Corp, Member, Json], Json]


def read_text(data: Json, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(422, f"{name} is missing")
    return value


def _leave(box: Sandbox, person: Person, data: Json) -> Json:
    corp = access_corp(box, read_text(data, "corp_id"))
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    return group_acts.leave(box, corp, group, person)


def _write(box: Sandbox, person: Person, data: Json) -> Json:
    corp = access_corp(box, read_text(data, "corp_id"))
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    who = make_external_userid(corp.corp_id, person.id)
    return group_acts.talk(box, corp, group, who, person.name, read_text(data, "text"))


def _create(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    people = [access_person(box, one) for one in data.get("persons") or []]
    inside = list(data.get("members") or [])
    return group_acts.create_group(box, corp, member, read_text(data, "name"), people, inside)


def _rename(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    return group_acts.rename(box, corp, group, read_text(data, "name"))


def _put_notice(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    return group_acts.put_notice(box, corp, group, str(data.get("text") or ""))


def _invite(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    person = access_person(box, read_text(data, "person"))
    return group_acts.invite(box, corp, group, member, person)


def _remove(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    return group_acts.remove(box, corp, group, access_person(box, read_text(data, "person")))


def _give_away(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    return group_acts.change_owner(box, corp, group, read_text(data, "to"))


def _name_admins(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    """Name the administrators of a group; the documents know no callback for it."""
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    group.admins = [one for one in data.get("admins") or [] if one in group.members]
    box.log.touch()
    return {"callbacks": []}


def _choose_welcome(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    template_id = read_text(data, "template_id")
    if template_id not in corp.groups.welcomes:
        raise ControlError(404, "no such welcome")
    group.welcome_id = template_id
    box.log.touch()
    return {"callbacks": []}


def _dismiss(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    return group_acts.dismiss(box, corp, group)


def _talk(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    group = group_acts.access_group(corp, read_text(data, "chat_id"))
    text = read_text(data, "text")
    return group_acts.talk(box, corp, group, member.userid, member.name, text)


GROUP_PERSON_VERBS: dict[str, PersonVerb] = {"group-leave": _leave, "group-write": _write}
GROUP_MEMBER_VERBS: dict[str, MemberVerb] = {
    "group-create": _create,
    "group-rename": _rename,
    "group-notice": _put_notice,
    "group-invite": _invite,
    "group-remove": _remove,
    "group-owner": _give_away,
    "group-admins": _name_admins,
    "group-welcome": _choose_welcome,
    "group-dismiss": _dismiss,
    "group-write": _talk,
}
