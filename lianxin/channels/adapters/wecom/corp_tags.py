"""WeCom corp tags (企业客户标签): the list, making, renaming, deleting, marking one relation.

Documents 92117, 92118. A name that exists in the group is refused, so look before making one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom.calls import CONTACT


@dataclass(frozen=True)
class StoredTag:
    """One corp tag as the provider has it."""

    tag_id: str
    name: str
    group_name: str


async def list_corp_tags(provider: Provider) -> list[StoredTag]:
    answer = await provider.post(f"{CONTACT}/get_corp_tag_list", {})
    return [tag for group in answer.get("tag_group") or [] for tag in read_group(group)]


def read_group(group: Any) -> list[StoredTag]:
    if not isinstance(group, dict) or group.get("deleted"):
        return []
    tags = [one for one in group.get("tag") or [] if isinstance(one, dict)]
    group_name = as_text(group.get("group_name"))
    return [
        StoredTag(as_text(one.get("id")), as_text(one.get("name")), group_name)
        for one in tags
        if not one.get("deleted")
    ]


async def add_corp_tag(provider: Provider, group_name: str, name: str) -> StoredTag | None:
    """Make a tag. A group of that name is added into; None: the answer had no such tag."""
    body = {"group_name": group_name, "tag": [{"name": name}]}
    answer = await provider.post(f"{CONTACT}/add_corp_tag", body, is_repeatable=False)
    made = read_group(answer.get("tag_group"))
    return next((tag for tag in made if tag.name == name), None)


async def edit_corp_tag(provider: Provider, tag_id: str, name: str) -> None:
    await provider.post(f"{CONTACT}/edit_corp_tag", {"id": tag_id, "name": name})


async def del_corp_tag(provider: Provider, tag_id: str) -> None:
    """Delete a tag, which takes it off everybody; the last one takes its group along."""
    await provider.post(f"{CONTACT}/del_corp_tag", {"tag_id": [tag_id]})


async def mark_tags(
    provider: Provider,
    pair: tuple[str, str],
    *,
    add: Sequence[str],
    remove: Sequence[str],
) -> None:
    """Put tags on one relation and take others off. A repeat changes nothing."""
    userid, external_id = pair
    body = {
        "userid": userid,
        "external_userid": external_id,
        "add_tag": list(add),
        "remove_tag": list(remove),
    }
    await provider.post(f"{CONTACT}/mark_tag", body, serial_key=f"{userid}|{external_id}")
