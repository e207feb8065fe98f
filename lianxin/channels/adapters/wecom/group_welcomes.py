"""WeCom group welcomes (入群欢迎语素材), document 92366. Owners choose one in their client."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom.calls import CONTACT

WELCOMES = f"{CONTACT}/group_welcome_template"


def as_body(text: str) -> dict[str, Any]:
    return {"text": {"content": text}}


async def add_welcome(provider: Provider, text: str) -> str:
    """Make a welcome; returns its template id. No member is told: the console names it."""
    body = {**as_body(text), "notify": 0}
    answer = await provider.post(f"{WELCOMES}/add", body, is_repeatable=False)
    return as_text(answer.get("template_id"))


async def edit_welcome(provider: Provider, template_id: str, text: str) -> None:
    await provider.post(f"{WELCOMES}/edit", {"template_id": template_id, **as_body(text)})


async def delete_welcome(provider: Provider, template_id: str) -> None:
    await provider.post(f"{WELCOMES}/del", {"template_id": template_id})
