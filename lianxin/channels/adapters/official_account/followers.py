"""The list of followers, and what is told of each: no names, no pictures (since 2021-12-27)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider


@dataclass(frozen=True)
class FollowerPage:
    """One page of ids. `total` is how many follow, over all pages; None: not told."""

    open_ids: Sequence[str]
    next_id: str
    total: int | None


@dataclass(frozen=True)
class Follower:
    """One person who follows. `scene` is the code they came by."""

    open_id: str
    followed_at: datetime | None = None
    union_id: str = ""
    scene: str = ""


async def fetch_followers(provider: Provider, after: str) -> FollowerPage:
    """Fetch the page after this id. The last page names a next id too; what follows is empty."""
    answer = await provider.get("/cgi-bin/user/get", next_openid=after)
    data = answer.get("data")
    listed = data.get("openid") if isinstance(data, dict) else None
    # One alone may come without its list.
    found = [listed] if isinstance(listed, str) else listed or []
    open_ids = [as_text(one) for one in found]
    next_id = as_text(answer.get("next_openid")) if open_ids else ""
    return FollowerPage(open_ids, "" if next_id == after else next_id, read_total(answer))


def read_total(answer: dict[str, Any]) -> int | None:
    text = as_text(answer.get("total"))
    return int(text) if text.isdecimal() else None


async def describe_followers(provider: Provider, open_ids: Sequence[str]) -> list[Follower]:
    """Ask about some ids, at most a hundred; who has gone since is left out."""
    body = {"user_list": [{"openid": open_id, "lang": "zh_CN"} for open_id in open_ids]}
    answer = await provider.post("/cgi-bin/user/info/batchget", body)
    rows = answer.get("user_info_list")
    rows = [rows] if isinstance(rows, dict) else rows or []
    asked = set(open_ids)
    return [
        read_follower(row)
        for row in rows
        if isinstance(row, dict)
        and as_text(row.get("subscribe")) == "1"
        and as_text(row.get("openid")) in asked
    ]


def read_follower(row: dict[str, Any]) -> Follower:
    followed = as_text(row.get("subscribe_time"))
    scene = as_text(row.get("qr_scene_str")) or as_text(row.get("qr_scene"))
    return Follower(
        open_id=as_text(row.get("openid")),
        followed_at=at_unix(followed) if followed.isdecimal() else None,
        union_id=as_text(row.get("unionid")),
        scene="" if scene == "0" else scene,
    )
