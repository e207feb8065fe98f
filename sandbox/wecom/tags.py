"""Corp tags."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp, Tag, TagGroup

LONGEST_NAME = 30


def _describe(group: TagGroup, tags: list[Tag] | None = None) -> Json:
    shown = group.tags if tags is None else tags
    return {
        "group_id": group.id,
        "group_name": group.name,
        "create_time": group.created_at,
        "order": group.order,
        "deleted": False,
        "tag": [_describe_tag(tag) for tag in shown],
    }


def _describe_tag(tag: Tag) -> Json:
    data = asdict(tag)
    del data["agent_id"]
    return {"create_time": data.pop("created_at"), "deleted": False} | data


def list_tags(call: Call, corp: Corp) -> Json:
    tag_ids, group_ids = call.body.get("tag_id") or [], call.body.get("group_id") or []
    rows = []
    for group in corp.tag_groups:
        if tag_ids:
            chosen = [tag for tag in group.tags if tag.id in tag_ids]
            rows += [_describe(group, chosen)] if chosen else []
        elif not group_ids or group.id in group_ids:
            rows.append(_describe(group))
    return {"tag_group": rows}


def add_tags(call: Call, corp: Corp) -> Json:
    wanted = call.body.get("tag") or []
    if not wanted or any(not 0 < len(t.get("name", "")) <= LONGEST_NAME for t in wanted):
        raise ApiError(40071)
    group = _find_or_make_group(call, corp)
    have = {tag.name for tag in group.tags}
    if any(t["name"] in have for t in wanted):
        raise ApiError(40071, "tag name exists")
    now = call.box.clock.second()
    made = [make_tag(t["name"], now, t.get("order", 0), call.agent_id) for t in wanted]
    group.tags += made
    return {"tag_group": _describe(group, made)}


def make_tag(name: str, now: int, order: int = 0, agent_id: str = "") -> Tag:
    return Tag(f"et{secrets.token_hex(15)}", name, now, order, agent_id)


def make_group(name: str, now: int, order: int = 0, agent_id: str = "") -> TagGroup:
    return TagGroup(f"et{secrets.token_hex(15)}", name, now, order, agent_id)


def check_maker(call: Call, item: Tag | TagGroup) -> None:
    """Refuse to change what somebody else made. The documents name no code for it."""
    if item.agent_id != call.agent_id:
        raise ApiError(301002, "an app changes only the tags it created")


def _find_or_make_group(call: Call, corp: Corp) -> TagGroup:
    group_id, name = call.text("group_id"), call.text("group_name")
    for group in corp.tag_groups:
        # An existing name means: add into it.
        if group_id == group.id or (not group_id and name == group.name):
            return group
    if group_id or not 0 < len(name) <= LONGEST_NAME:
        raise ApiError(40068 if group_id else 40071)
    order = call.body.get("order") or 0
    group = make_group(name, call.box.clock.second(), order, call.agent_id)
    corp.tag_groups.append(group)
    return group


def edit_tag(call: Call, corp: Corp) -> Json:
    item, siblings = _find_item(corp, call.text("id"))
    check_maker(call, item)
    name = call.text("name")
    if len(name) > LONGEST_NAME or name in {one.name for one in siblings if one is not item}:
        raise ApiError(40071)
    item.name = name or item.name
    item.order = call.body.get("order", item.order)
    return {}


def _find_item(corp: Corp, item_id: str) -> tuple[Tag | TagGroup, Sequence[Tag | TagGroup]]:
    """Find a tag or a group, and those it stands among."""
    rows: list[Sequence[Tag | TagGroup]] = [corp.tag_groups, *(g.tags for g in corp.tag_groups)]
    for siblings in rows:
        for item in siblings:
            if item.id == item_id:
                return item, siblings
    raise ApiError(40068)


def delete_tags(call: Call, corp: Corp) -> Json:
    tag_ids, group_ids = call.body.get("tag_id") or [], call.body.get("group_id") or []
    for group in corp.tag_groups:
        if group.id in group_ids:
            check_maker(call, group)
        for tag in group.tags:
            if tag.id in tag_ids:
                check_maker(call, tag)
    remove_tags(corp, {*tag_ids, *group_ids})
    return {}


def remove_tags(corp: Corp, ids: set[str]) -> None:
    """Take tags and whole groups away, and off everybody who carries them."""
    for group in corp.tag_groups:
        kept = [] if group.id in ids else group.tags
        group.tags = [tag for tag in kept if tag.id not in ids]
    # No empty group: deleting the last tag deletes the group.
    corp.tag_groups = [group for group in corp.tag_groups if group.tags]
    known = {tag.id for group in corp.tag_groups for tag in group.tags}
    for relation in corp.relations.values():
        relation.tag_ids = [tag for tag in relation.tag_ids if tag in known]
