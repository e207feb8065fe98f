"""WeCom customer groups (客户群): the list, one group, and handing them over.

Only membership is to be had. What is said in a group goes to no server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import Reaction, Row, find_row, load_facts
from lianxin.channels.adapters.wecom.calls import CONTACT

GROUPS = f"{CONTACT}/groupchat"
# 40050 and 90501: there is no such customer group any more.
GROUP_GONE = "group_gone"
# 81017: with so many people the owners must be named.
TOO_MANY = 81017
INSIDE, OUTSIDE = 1, 2
LARGEST_NUMBER = 2**31


def as_number(value: Any) -> int | None:
    """Return a number the provider gives as one or as a text; None when it is neither."""
    text = as_text(value)
    number = int(text) if text.isascii() and text.isdigit() else None
    return number if number is not None and number < LARGEST_NUMBER else None


@dataclass(frozen=True)
class ListedGroup:
    chat_id: str
    status: int


@dataclass(frozen=True)
class GroupPage:
    """One page of the list. No next cursor: it was the last."""

    groups: tuple[ListedGroup, ...] = ()
    next_cursor: str = ""


@dataclass(frozen=True)
class SeenMember:
    """Somebody in a group, as a look at it shows."""

    member_id: str
    is_outside: bool
    joined_at: datetime
    join_scene: int | None = None
    state: str = ""


@dataclass(frozen=True)
class SeenGroup:
    """A group as a look shows it."""

    name: str
    notice: str
    owner_userid: str
    created_at: datetime
    admin_userids: tuple[str, ...]
    member_version: str
    members: tuple[SeenMember, ...]


async def fetch_groups(provider: Provider, owners: Sequence[str], cursor: str) -> GroupPage:
    """Fetch one page of the groups of these owners; none named: of everybody."""
    body: dict[str, Any] = {
        "status_filter": 0,
        "cursor": cursor,
        "limit": load_facts()["group_list_page"],
    }
    if owners:
        body["owner_filter"] = {"userid_list": list(owners)}
    answer = await provider.post(f"{GROUPS}/list", body)
    rows = [one for one in answer.get("group_chat_list") or [] if isinstance(one, dict)]
    found = [
        ListedGroup(as_text(row.get("chat_id")), as_number(row.get("status")) or 0) for row in rows
    ]
    return GroupPage(tuple(one for one in found if one.chat_id), as_text(answer.get("next_cursor")))


async def read_group(provider: Provider, chat_id: str) -> SeenGroup | None:
    """Look at one group; None when there is none any more. Nobody's name is asked for."""
    try:
        answer = await provider.post(f"{GROUPS}/get", {"chat_id": chat_id, "need_name": 0})
    except ProviderError as error:
        if error.reason == GROUP_GONE:
            return None
        raise
    found = answer.get("group_chat")
    return as_group(found) if isinstance(found, dict) else None


def as_group(found: dict[str, Any]) -> SeenGroup:
    admins = [one for one in found.get("admin_list") or [] if isinstance(one, dict)]
    members = [as_member(one) for one in found.get("member_list") or [] if isinstance(one, dict)]
    return SeenGroup(
        name=as_text(found.get("name")),
        notice=as_text(found.get("notice")),
        owner_userid=as_text(found.get("owner")),
        created_at=at_unix(found.get("create_time")),
        admin_userids=tuple(as_text(one.get("userid")) for one in admins),
        member_version=as_text(found.get("member_version")),
        members=tuple(one for one in members if one.member_id),
    )


def as_member(row: dict[str, Any]) -> SeenMember:
    return SeenMember(
        member_id=as_text(row.get("userid")),
        # A kind nobody has described is taken for somebody from outside: that is the stricter side.
        is_outside=as_number(row.get("type")) != INSIDE,
        joined_at=at_unix(row.get("join_time")),
        join_scene=as_number(row.get("join_scene")),
        state=as_text(row.get("state")),
    )


async def hand_over(
    provider: Provider, chat_ids: Sequence[str], new_owner: str, *, has_left: bool
) -> Mapping[str, str]:
    """Give groups to another owner: of those that were refused, by chat id, the reason.

    The answer is errcode 0 also when every one of them failed.
    """
    path = "transfer" if has_left else "onjob_transfer"
    body = {"chat_id_list": list(chat_ids), "new_owner": new_owner}
    answer = await provider.post(f"{GROUPS}/{path}", body, is_repeatable=False)
    failed = [one for one in answer.get("failed_chat_list") or [] if isinstance(one, dict)]
    rows = {as_text(one.get("chat_id")): row_of(provider, one.get("errcode")) for one in failed}
    return {
        chat_id: row.reason
        for chat_id, row in rows.items()
        if row.code != 0 and row.reaction != Reaction.TREAT_AS_OK
    }


def row_of(provider: Provider, code: Any) -> Row:
    number = as_number(code)
    return find_row(provider.platform, -1 if number is None else number)


@dataclass(frozen=True)
class CountedDay:
    """One day of the groups of one owner."""

    at: datetime
    group_count: int
    member_count: int
    new_member_count: int
    message_count: int


async def count_days(
    provider: Provider, owner: str, first: datetime, last: datetime
) -> list[CountedDay]:
    """Return the days from `first` to `last`, both included; the provider counts by owner only."""
    body = {
        "day_begin_time": int(first.timestamp()),
        "day_end_time": int(last.timestamp()),
        "owner_filter": {"userid_list": [owner]},
    }
    answer = await provider.post(f"{GROUPS}/statistic_group_by_day", body)
    rows = [one for one in answer.get("items") or [] if isinstance(one, dict)]
    return [as_day(row, row["data"]) for row in rows if isinstance(row.get("data"), dict)]


def as_day(row: dict[str, Any], data: dict[str, Any]) -> CountedDay:
    return CountedDay(
        at=at_unix(row.get("stat_time")),
        group_count=as_number(data.get("chat_total")) or 0,
        member_count=as_number(data.get("member_total")) or 0,
        new_member_count=as_number(data.get("new_member_cnt")) or 0,
        message_count=as_number(data.get("msg_total")) or 0,
    )
