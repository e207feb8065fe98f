"""What people do with tags in WeCom's own client and console, and the callbacks that follow."""

from __future__ import annotations

from sandbox.callbacks import XmlValue
from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox, corp_target
from sandbox.state import Corp, Person, Tag, TagGroup
from sandbox.wecom.acts import access_relation, change_contact, contact_agent
from sandbox.wecom.tags import LONGEST_NAME, make_group, make_tag, remove_tags


def find_tag(corp: Corp, name: str) -> tuple[TagGroup, Tag]:
    for group in corp.tag_groups:
        for tag in group.tags:
            if tag.name == name:
                return group, tag
    raise ControlError(404, f"no tag {name!r}")


def tag_contact(
    box: Sandbox, corp: Corp, userid: str, person: Person, *, on: list[str], off: list[str]
) -> Json:
    """Put tags on one contact or take them off, as a member does in the client."""
    relation = access_relation(corp, userid, person)
    removed = {find_tag(corp, name)[1].id for name in off}
    added = [find_tag(corp, name)[1].id for name in on]
    kept = [one for one in relation.tag_ids if one not in removed]
    relation.tag_ids = kept + [one for one in added if one not in kept]
    return {"callbacks": [change_contact(box, corp, relation, "edit_external_contact")]}


def create_tag(box: Sandbox, corp: Corp, group_name: str, name: str) -> Json:
    if not 0 < len(name) <= LONGEST_NAME or not 0 < len(group_name) <= LONGEST_NAME:
        raise ControlError(422, "a name has 1 to 30 characters")
    now = box.clock.second()
    group = next((one for one in corp.tag_groups if one.name == group_name), None)
    if group is None:
        group = make_group(group_name, now)
        corp.tag_groups.append(group)
    if any(tag.name == name for tag in group.tags):
        raise ControlError(409, "there is such a tag")
    tag = make_tag(name, now)
    group.tags.append(tag)
    return {"tag_id": tag.id, "callbacks": [change_tag(box, corp, "create", tag.id, "tag")]}


def rename_tag(box: Sandbox, corp: Corp, name: str, new_name: str) -> Json:
    _group, tag = find_tag(corp, name)
    tag.name = new_name
    return {"callbacks": [change_tag(box, corp, "update", tag.id, "tag")]}


def delete_tag(box: Sandbox, corp: Corp, name: str) -> Json:
    """Delete a tag; the last of a group takes the group along, which calls back once."""
    group, tag = find_tag(corp, name)
    is_last = len(group.tags) == 1
    remove_tags(corp, {tag.id})
    item = (group.id, "tag_group") if is_last else (tag.id, "tag")
    return {"callbacks": [change_tag(box, corp, "delete", *item)]}


def shuffle_tags(box: Sandbox, corp: Corp) -> Json:
    for group in corp.tag_groups:
        group.tags.reverse()
        for place, tag in enumerate(reversed(group.tags)):
            tag.order = place
    return {"callbacks": [change_tag(box, corp, "shuffle", "", "")]}


def change_tag(box: Sandbox, corp: Corp, change: str, item_id: str, kind: str) -> int:
    """Send change_external_tag. Shuffled: no kind, and an empty id for all groups."""
    fields: dict[str, XmlValue] = {
        "ToUserName": corp.corp_id,
        "FromUserName": "sys",
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "change_external_tag",
        "Id": item_id,
        "ChangeType": change,
    }
    if kind:
        fields["TagType"] = kind
    return box.sender.send(corp_target(corp), "change_external_tag", fields, contact_agent(corp))
