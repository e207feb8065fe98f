"""The menu under the chat: make it, or take it away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.rules.menus import ANSWER, GROUP, PAGE, answer_key

# Where the menu's pages open: by the account's door.
MakeLink = Callable[[str], str]


def as_provider_button(button: Mapping[str, Any], link: MakeLink) -> dict[str, Any]:
    if button["kind"] == GROUP:
        return {
            "name": button["name"],
            "sub_button": [as_provider_button(one, link) for one in button["sub"]],
        }
    if button["kind"] == ANSWER:
        key = answer_key(button["value"])
        return {"type": "click", "name": button["name"], "key": key}
    url = link(button["value"]) if button["kind"] == PAGE else button["value"]
    return {"type": "view", "name": button["name"], "url": url}


async def publish_menu(
    provider: Provider, buttons: Sequence[Mapping[str, Any]], link: MakeLink
) -> None:
    """Replace the whole menu; without buttons take it away. A repeat changes nothing."""
    if not buttons:
        await provider.get("/cgi-bin/menu/delete")
        return
    body = {"button": [as_provider_button(one, link) for one in buttons]}
    await provider.post("/cgi-bin/menu/create", body)
