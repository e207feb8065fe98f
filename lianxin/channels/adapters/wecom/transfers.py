"""WeCom transfers (在职继承, 离职继承): ask, ask what became of it, who is nobody's.

Documents 92124, 92125, 94085, 94088. An answer with errcode 0 has begun nothing yet: each contact
has an errcode of its own, and what has begun is done after a day unless the contact refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lianxin.channels.adapters.base import as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.calls import CONTACT, MAX_PAGES, pages


@dataclass(frozen=True)
class Pair:
    """Who hands over to whom, and whether the one has left."""

    from_userid: str
    to_userid: str
    is_resigned: bool

    @property
    def path(self) -> str:
        return f"{CONTACT}/resigned" if self.is_resigned else CONTACT

    def as_body(self) -> dict[str, object]:
        return {"handover_userid": self.from_userid, "takeover_userid": self.to_userid}


@dataclass(frozen=True)
class Result:
    """What became of one contact: 1 done, 2 waiting, 3 refused, 4 taker full."""

    external_id: str
    status: int
    at: datetime


@dataclass(frozen=True)
class Unassigned:
    """A contact of somebody who left, whom nobody has taken over."""

    from_userid: str
    external_id: str
    left_at: datetime


def as_number(value: object) -> int:
    text = as_text(value)
    return int(text) if text.lstrip("-").isdigit() else -1


async def transfer_customers(
    provider: Provider, pair: Pair, external_ids: Sequence[str], words: str
) -> dict[str, int]:
    """Begin to move contacts; returns the errcode of each. A repeat says that it has begun."""
    body = pair.as_body() | {"external_userid": list(external_ids)}
    if words and not pair.is_resigned:
        body["transfer_success_msg"] = words
    path = f"{pair.path}/transfer_customer"
    answer = await provider.post(path, body, serial_key=f"transfer|{pair.from_userid}")
    rows = [row for row in answer.get("customer") or [] if isinstance(row, dict)]
    return {as_text(row.get("external_userid")): as_number(row.get("errcode")) for row in rows}


async def list_results(provider: Provider, pair: Pair) -> dict[str, Result]:
    """Return what became of each contact of a pair, over all pages."""
    path = f"{pair.path}/transfer_result"
    found = {}
    async for row in pages(provider, path, pair.as_body(), "customer"):
        external_id = as_text(row.get("external_userid"))
        at = at_unix(row.get("takeover_time"))
        found[external_id] = Result(external_id, as_number(row.get("status")), at)
    return found


async def list_unassigned(provider: Provider) -> list[Unassigned]:
    """Return the contacts of those who left, over all pages."""
    size = load_facts()["unassigned_page"]
    found: list[Unassigned] = []
    cursor = ""
    for _page in range(MAX_PAGES):
        body = {"page_size": size, **({"cursor": cursor} if cursor else {})}
        answer = await provider.post(f"{CONTACT}/get_unassigned_list", body)
        found += [
            Unassigned(
                as_text(row.get("handover_userid")),
                as_text(row.get("external_userid")),
                at_unix(row.get("dimission_time")),
            )
            for row in answer.get("info") or []
            if isinstance(row, dict)
        ]
        cursor = as_text(answer.get("next_cursor"))
        if answer.get("is_last", True) or not cursor:
            break
    return found
