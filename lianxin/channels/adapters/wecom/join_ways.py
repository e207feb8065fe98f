"""WeCom join ways (加入群聊), document 92229: one code for up to five groups.

There is no list of them: a way whose making got no answer cannot be found again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom.contact_ways import WAY_REFUSED
from lianxin.channels.adapters.wecom.groups import GROUPS, as_number

QR_CODE = 2


@dataclass(frozen=True)
class JoinContent:
    """The whole setting of a way: a change replaces all of it."""

    remark: str
    state: str
    chat_ids: tuple[str, ...]
    rolls_over: bool
    base_name: str = ""
    base_number: int = 1

    def as_data(self) -> dict[str, Any]:
        """Return it as it is kept; neither the order of groups nor an unused number counts."""
        return {
            "remark": self.remark,
            "state": self.state,
            "chat_ids": sorted(self.chat_ids),
            "rolls_over": self.rolls_over,
            "base_name": self.base_name if self.rolls_over else "",
            "base_number": self.base_number if self.rolls_over else 0,
        }

    def as_body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "scene": QR_CODE,
            "remark": self.remark,
            "state": self.state,
            "chat_id_list": list(self.chat_ids),
            "auto_create_room": int(self.rolls_over),
        }
        if self.rolls_over:
            body |= {"room_base_name": self.base_name, "room_base_id": self.base_number}
        return body


@dataclass(frozen=True)
class StoredJoinWay:
    """A way as the provider has it."""

    qr_url: str
    content: JoinContent


async def add_join_way(provider: Provider, content: JoinContent) -> str:
    """Make a way; returns its config id. The picture is only in the look at it."""
    answer = await provider.post(f"{GROUPS}/add_join_way", content.as_body(), is_repeatable=False)
    return as_text(answer.get("config_id"))


async def update_join_way(provider: Provider, config_id: str, content: JoinContent) -> None:
    await provider.post(f"{GROUPS}/update_join_way", {"config_id": config_id, **content.as_body()})


async def find_join_way(provider: Provider, config_id: str) -> StoredJoinWay | None:
    """Return the way as the provider has it, None when it is gone."""
    try:
        answer = await provider.post(f"{GROUPS}/get_join_way", {"config_id": config_id})
    except ProviderError as error:
        if error.reason == WAY_REFUSED:
            return None
        raise
    found = answer.get("join_way")
    way: dict[str, Any] = found if isinstance(found, dict) else {}
    return StoredJoinWay(
        as_text(way.get("qr_code")),
        JoinContent(
            remark=as_text(way.get("remark")),
            state=as_text(way.get("state")),
            chat_ids=tuple(as_text(one) for one in way.get("chat_id_list") or []),
            # Without a word it is on.
            rolls_over=as_number(way.get("auto_create_room")) != 0,
            base_name=as_text(way.get("room_base_name")),
            base_number=as_number(way.get("room_base_id")) or 1,
        ),
    )


async def delete_join_way(provider: Provider, config_id: str) -> None:
    """Take a way back; one that is gone already is what we want."""
    try:
        await provider.post(f"{GROUPS}/del_join_way", {"config_id": config_id})
    except ProviderError as error:
        if error.reason != WAY_REFUSED:
            raise
