"""WeChat customer service: who the people are that write (document 95159).

Only who wrote in the last 48 hours is told; everybody else comes back apart, as unknown. The avatar
and the gender are not read: nothing here needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider

# WeChat shows sixteen characters at most; a broken answer must not fill the page.
NICKNAME_CHARACTERS = 60


@dataclass(frozen=True)
class Customer:
    """What the provider tells of one person. `state` is what stood on the link they came by."""

    external_id: str
    nickname: str = field(default="", repr=False)
    union_id: str = field(default="", repr=False)
    state: str = ""


async def describe_customers(provider: Provider, external_ids: Sequence[str]) -> list[Customer]:
    """Return who of these the provider knows of late: at most a hundred in one call."""
    answer = await provider.post(
        "/cgi-bin/kf/customer/batchget",
        {"external_userid_list": list(external_ids), "need_enter_session_context": 1},
    )
    rows = answer.get("customer_list")
    return [read_customer(one) for one in rows or [] if isinstance(one, dict)]


def read_customer(row: dict[str, Any]) -> Customer:
    context = row.get("enter_session_context")
    context = context if isinstance(context, dict) else {}
    return Customer(
        external_id=as_text(row.get("external_userid")),
        nickname=as_text(row.get("nickname")).strip()[:NICKNAME_CHARACTERS],
        union_id=as_text(row.get("unionid"))[:64],
        state=as_text(context.get("scene_param")) or as_text(context.get("scene")),
    )
