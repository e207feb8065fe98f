"""WeCom group welcomes (入群欢迎语素材), document 92366. Owners choose one in their client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lianxin.channels.adapters.base import Attachment, as_text
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom.attachments import build_attachments
from lianxin.channels.adapters.wecom.calls import CONTACT

WELCOMES = f"{CONTACT}/group_welcome_template"


@dataclass(frozen=True)
class GroupGreeting:
    """What a welcome says, the one thing that goes along, and the ids of its file."""

    text: str
    attachments: tuple[Attachment, ...] = ()
    media_ids: Mapping[str, str] = field(default_factory=dict, repr=False)

    def as_body(self) -> dict[str, Any]:
        """Write it as the call wants it: the attachment by its kind, not in a list."""
        body: dict[str, Any] = {"text": {"content": self.text}}
        for one in build_attachments(self.attachments, self.media_ids):
            body[one["msgtype"]] = one[one["msgtype"]]
        return body


async def add_welcome(provider: Provider, greeting: GroupGreeting) -> str:
    """Make a welcome; returns its template id. No member is told: the console names it."""
    body = {**greeting.as_body(), "notify": 0}
    answer = await provider.post(f"{WELCOMES}/add", body, is_repeatable=False)
    return as_text(answer.get("template_id"))


async def edit_welcome(provider: Provider, template_id: str, greeting: GroupGreeting) -> None:
    body = {"template_id": template_id, **greeting.as_body()}
    await provider.post(f"{WELCOMES}/edit", body)


async def delete_welcome(provider: Provider, template_id: str) -> None:
    await provider.post(f"{WELCOMES}/del", {"template_id": template_id})
