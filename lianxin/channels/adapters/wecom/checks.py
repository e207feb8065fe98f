"""Live checks of a WeCom app."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.base import GARBAGE
from lianxin.channels.adapters.checking import TOKEN, Check, CheckFailed
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom import calls


async def check_token(provider: Provider) -> dict[str, Any]:
    """Ask for the token anew: the one we keep says nothing about a secret changed since."""
    token = await calls.fetch_token(provider)
    if not token.value:
        raise CheckFailed(GARBAGE)
    return {}


async def check_contacts(provider: Provider) -> dict[str, Any]:
    await calls.list_follow_users(provider)
    return {}


async def check_members(provider: Provider) -> dict[str, Any]:
    count = len(await calls.list_follow_users(provider))
    if not count:
        raise CheckFailed("no_members")
    return {"count": count}


CHECKS = (
    Check(TOKEN, check_token, proves_ip=False),
    Check("contacts", check_contacts),
    Check("members", check_members),
)
