"""WeCom acquisition links (获客链接): make, change, read, list, delete; whom they brought; quota.

Documents 97297 ff. A link costs from a paid quota for each person who adds. Only the links of the
calling app are there; the secret of 客户联系 may not call this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import as_count, as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom.calls import CONTACT, answers, pages
from lianxin.channels.adapters.xml import field_text

PATH = f"{CONTACT}/customer_acquisition"
LINK_PAGE, CUSTOMER_PAGE = 100, 1000
# 41300 … 41305: asked with a link id alone, it means that the link is gone.
LINK_REFUSED = "link_refused"
# What a callback says of the quota, and of one link.
QUOTA_CHANGES = {
    "balance_low": "low",
    "balance_exhausted": "exhausted",
    "balance_increased": "increased",
    "quota_expire_soon": "expiring",
}
LINK_CHANGES = {
    "link_unavailable": ("link.changed", "unavailable"),
    "delete_link": ("link.changed", "deleted"),
    "open_profile": ("link.visited", "link_opened"),
    "friend_request": ("link.visited", "link_asked"),
    "customer_start_chat": ("link.visited", "link_talked"),
}


@dataclass(frozen=True)
class LinkContent:
    """What of a link can be changed. Departments stand behind none of ours."""

    name: str
    userids: tuple[str, ...]
    skip_verify: bool
    department_ids: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as it is kept; the order of people means nothing."""
        return {
            "name": self.name,
            "userids": sorted(self.userids),
            "departments": sorted(self.department_ids),
            "skip_verify": self.skip_verify,
        }

    def as_body(self) -> dict[str, Any]:
        return {
            "link_name": self.name,
            "range": {"user_list": list(self.userids)},
            "skip_verify": self.skip_verify,
        }


@dataclass(frozen=True)
class StoredLink:
    """A link as the provider has it."""

    link_id: str
    url: str
    created_at: datetime
    content: LinkContent


@dataclass(frozen=True)
class LinkCustomer:
    """One person who came by a link; `state` is the channel of the address they opened."""

    external_id: str
    staff_userid: str
    has_talked: bool
    state: str


@dataclass(frozen=True)
class LinkCounts:
    """People who opened a link and who came by it, as the provider counts; None: not told."""

    opened_count: int | None
    added_count: int | None


@dataclass(frozen=True)
class QuotaPack:
    """A part of the quota, and when it lapses."""

    expires_at: datetime
    balance: int


@dataclass(frozen=True)
class Quota:
    """What was bought in all, what is left, and when which part lapses."""

    total: int
    balance: int
    packs: tuple[QuotaPack, ...]


async def create_link(provider: Provider, content: LinkContent) -> StoredLink:
    """Make a link. There is no key of ours: after silence look for its name."""
    answer = await provider.post(f"{PATH}/create_link", content.as_body(), is_repeatable=False)
    link = as_mapping(answer.get("link"))
    return StoredLink(
        as_text(link.get("link_id")),
        as_text(link.get("url")),
        at_unix(link.get("create_time")),
        content,
    )


async def update_link(provider: Provider, link_id: str, content: LinkContent) -> None:
    """Set what stands behind the link; the range replaces the former one whole."""
    await provider.post(f"{PATH}/update_link", {"link_id": link_id, **content.as_body()})


async def find_link(provider: Provider, link_id: str) -> StoredLink | None:
    """Return the link as the provider has it, None when it is gone."""
    try:
        answer = await provider.post(f"{PATH}/get", {"link_id": link_id})
    except ProviderError as error:
        if error.reason == LINK_REFUSED:
            return None
        raise
    link, whom = as_mapping(answer.get("link")), as_mapping(answer.get("range"))
    content = LinkContent(
        name=as_text(link.get("link_name")),
        userids=tuple(as_text(one) for one in whom.get("user_list") or []),
        skip_verify=bool(link.get("skip_verify", True)),
        department_ids=tuple(as_text(one) for one in whom.get("department_list") or []),
    )
    return StoredLink(
        as_text(link.get("link_id")) or link_id,
        as_text(link.get("url")),
        at_unix(link.get("create_time")),
        content,
    )


async def delete_link(provider: Provider, link_id: str) -> None:
    """Delete the link; one that is gone already is what we want."""
    try:
        await provider.post(f"{PATH}/delete_link", {"link_id": link_id})
    except ProviderError as error:
        if error.reason != LINK_REFUSED:
            raise


async def list_links(provider: Provider) -> AsyncIterator[str]:
    """Yield the ids of all links of this app."""
    async for answer in answers(provider, f"{PATH}/list_link", {"limit": LINK_PAGE}):
        for link_id in answer.get("link_id_list") or []:
            yield as_text(link_id)


async def find_named(provider: Provider, name_end: str) -> StoredLink | None:
    """Find the link whose name ends so: one call for each link of the app."""
    async for link_id in list_links(provider):
        stored = await find_link(provider, link_id)
        if stored is not None and stored.content.name.endswith(name_end):
            return stored
    return None


async def list_customers(provider: Provider, link_id: str) -> AsyncIterator[LinkCustomer]:
    body = {"link_id": link_id, "limit": CUSTOMER_PAGE}
    async for row in pages(provider, f"{PATH}/customer", body, "customer_list"):
        yield LinkCustomer(
            as_text(row.get("external_userid")),
            as_text(row.get("userid")),
            # 0 has not written, 1 has; 2 and what may follow is not known.
            as_text(row.get("chat_status")) == "1",
            as_text(row.get("state")),
        )


async def count_link(
    provider: Provider, link_id: str, first: datetime, last: datetime
) -> LinkCounts:
    """Ask how many opened and came from `first` to `last`: at most 30 days, 180 days back."""
    body = {
        "link_id": link_id,
        "start_time": int(first.timestamp()),
        "end_time": int(last.timestamp()),
    }
    answer = await provider.post(f"{PATH}/statistic", body)
    return LinkCounts(
        as_count(answer.get("click_link_customer_cnt")), as_count(answer.get("new_customer_cnt"))
    )


async def fetch_quota(provider: Provider) -> Quota:
    answer = await provider.get(f"{CONTACT}/customer_acquisition_quota")
    rows = [row for row in answer.get("quota_list") or [] if isinstance(row, dict)]
    return Quota(
        as_count(answer.get("total")) or 0,
        as_count(answer.get("balance")) or 0,
        tuple(
            QuotaPack(at_unix(row.get("expire_date")), as_count(row.get("balance")) or 0)
            for row in rows
        ),
    )


def as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def read_change(message: dict[str, Any]) -> tuple[str, str] | None:
    """Return what a callback means and its kind, None when it is none of ours."""
    change = field_text(message, "ChangeType")
    if change in QUOTA_CHANGES:
        return "link_quota.changed", QUOTA_CHANGES[change]
    return LINK_CHANGES.get(change)
