"""The archive's plain HTTP calls (msgaudit): whose talks are archived, and who agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.rules.archive import STATES

AUDIT = "/cgi-bin/msgaudit"
# The provider's own spelling, in what is asked and in what is answered.
EXTERNAL = "exteranalopenid"


@dataclass(frozen=True)
class Answer:
    """What one contact answered; in a group `staff_userid` is empty."""

    staff_userid: str
    external_id: str
    state: str
    changed_at: datetime | None


@dataclass(frozen=True)
class InnerGroup:
    name: str
    member_ids: tuple[str, ...]


async def list_permitted(provider: Provider) -> list[str]:
    """Return the members whose talks the provider archives."""
    answer = await provider.post(f"{AUDIT}/get_permit_user_list", {})
    return [as_text(one) for one in answer.get("ids") or []]


async def list_answers(provider: Provider, pairs: Sequence[tuple[str, str]]) -> list[Answer]:
    asked = [{"userid": userid, EXTERNAL: external} for userid, external in pairs]
    return read_answers(await provider.post(f"{AUDIT}/check_single_agree", {"info": asked}))


async def list_group_answers(provider: Provider, group_id: str) -> list[Answer]:
    return read_answers(await provider.post(f"{AUDIT}/check_room_agree", {"roomid": group_id}))


async def show_inner_group(provider: Provider, group_id: str) -> InnerGroup:
    answer = await provider.post(f"{AUDIT}/groupchat/get", {"roomid": group_id})
    members = [one for one in answer.get("members") or [] if isinstance(one, dict)]
    ids = tuple(as_text(one.get("memberid")) for one in members)
    return InnerGroup(as_text(answer.get("roomname")), ids)


def read_time(value: Any) -> datetime | None:
    return at_unix(value) if as_text(value).strip("0") else None


def read_answers(answer: dict[str, Any]) -> list[Answer]:
    """Read the answers; a word that we do not know is left out, so it is no yes."""
    return [
        Answer(
            staff_userid=as_text(row.get("userid")),
            external_id=as_text(row.get(EXTERNAL)),
            state=STATES[as_text(row.get("agree_status"))],
            changed_at=read_time(row.get("status_change_time")),
        )
        for row in answer.get("agreeinfo") or []
        if isinstance(row, dict) and as_text(row.get("agree_status")) in STATES
    ]
