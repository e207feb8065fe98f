"""WeCom contact ways (联系我), the live codes: make, change, read, list, take back.

Document 015/009/001. `type` and `scene` are fixed when a way is made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom.calls import CONTACT, pages

SINGLE, MULTI = 1, 2
QR_CODE = 2
LIST_PAGE = 1000
# 41037 … 41044: asked with a config id alone, it means that the way is gone.
WAY_REFUSED = "contact_way_refused"


@dataclass(frozen=True)
class WayContent:
    """What of a contact way can be changed."""

    userids: tuple[str, ...]
    remark: str
    state: str
    skip_verify: bool

    def as_data(self) -> dict[str, Any]:
        """Return it as it is kept; the order of people means nothing."""
        return {
            "userids": sorted(self.userids),
            "remark": self.remark,
            "state": self.state,
            "skip_verify": self.skip_verify,
        }

    def as_body(self) -> dict[str, Any]:
        return {
            "user": list(self.userids),
            "remark": self.remark,
            "state": self.state,
            "skip_verify": self.skip_verify,
        }


@dataclass(frozen=True)
class TemporaryWay:
    """A way that ends, with the talks it began. For hospitals only; fixed when it is made."""

    lasts: timedelta
    # Said to the person when the talk ends; empty: nothing.
    closing_text: str = ""

    def as_body(self) -> dict[str, Any]:
        """Return it in seconds; a talk lives as long as the way that began it."""
        seconds = max(int(self.lasts.total_seconds()), 1)
        body = {"is_temp": True, "expires_in": seconds, "chat_expires_in": seconds}
        if self.closing_text:
            return body | {"conclusions": {"text": {"content": self.closing_text}}}
        return body


@dataclass(frozen=True)
class ContactWay:
    config_id: str
    qr_url: str
    # What the picture says, where the provider tells it beside the picture.
    qr_content: str = ""


@dataclass(frozen=True)
class StoredWay:
    """A contact way as the provider has it."""

    config_id: str
    qr_url: str
    is_single: bool
    content: WayContent

    @property
    def way(self) -> ContactWay:
        return ContactWay(self.config_id, self.qr_url)


async def add_contact_way(
    provider: Provider, content: WayContent, temporary: TemporaryWay | None = None
) -> ContactWay:
    """Make a way. Always for several people, so that one can become two later."""
    body = {"type": MULTI, "scene": QR_CODE, **content.as_body()}
    if temporary is not None:
        body |= temporary.as_body()
    answer = await provider.post(f"{CONTACT}/add_contact_way", body, is_repeatable=False)
    return ContactWay(as_text(answer.get("config_id")), as_text(answer.get("qr_code")))


async def update_contact_way(provider: Provider, config_id: str, content: WayContent) -> None:
    """Set what stands behind the way. A repeat changes nothing."""
    body = {"config_id": config_id, **content.as_body()}
    await provider.post(f"{CONTACT}/update_contact_way", body)


async def get_contact_way(provider: Provider, config_id: str) -> StoredWay:
    answer = await provider.post(f"{CONTACT}/get_contact_way", {"config_id": config_id})
    found = answer.get("contact_way")
    way: dict[str, Any] = found if isinstance(found, dict) else {}
    return StoredWay(
        config_id=as_text(way.get("config_id")),
        qr_url=as_text(way.get("qr_code")),
        is_single=way.get("type") == SINGLE,
        content=WayContent(
            userids=tuple(as_text(userid) for userid in way.get("user") or []),
            remark=as_text(way.get("remark")),
            state=as_text(way.get("state")),
            skip_verify=bool(way.get("skip_verify", True)),
        ),
    )


async def del_contact_way(provider: Provider, config_id: str) -> None:
    await provider.post(f"{CONTACT}/del_contact_way", {"config_id": config_id})


async def list_contact_way(
    provider: Provider, since: datetime, until: datetime
) -> AsyncIterator[str]:
    """Yield the config ids of the ways made in that time; there are none before 2021-07-10."""
    body = {
        "start_time": int(since.timestamp()),
        "end_time": int(until.timestamp()),
        "limit": LIST_PAGE,
    }
    async for item in pages(provider, f"{CONTACT}/list_contact_way", body, "contact_way"):
        config_id = as_text(item.get("config_id"))
        if config_id:
            yield config_id


async def find_contact_way(
    provider: Provider, state: str, since: datetime, until: datetime
) -> StoredWay | None:
    """Find the way with this `state` among those made in that time: one call for each of them."""
    async for config_id in list_contact_way(provider, since, until):
        try:
            stored = await get_contact_way(provider, config_id)
        except ProviderError as error:
            if error.reason == WAY_REFUSED:
                continue  # deleted since it was listed
            raise
        if stored.content.state == state:
            return stored
    return None
