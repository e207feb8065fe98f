"""Live checks of an Official Account."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.base import GARBAGE, as_text
from lianxin.channels.adapters.checking import TOKEN, Check, CheckFailed
from lianxin.channels.adapters.official_account.calls import fetch_token
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.templates import check_listed


async def check_token(provider: Provider) -> dict[str, Any]:
    token = await fetch_token(provider)
    if not token.value:
        raise CheckFailed(GARBAGE)
    return {}


async def check_followers(provider: Provider) -> dict[str, Any]:
    answer = await provider.get("/cgi-bin/user/get", next_openid="")
    return {"count": int(as_text(answer.get("total")) or 0)}


async def check_template(provider: Provider) -> dict[str, Any]:
    answer = await provider.get("/cgi-bin/template/get_all_private_template")
    return check_listed(provider.account, answer.get("template_list"), "template_id")


CHECKS = (
    Check(TOKEN, check_token),
    Check("followers", check_followers),
    Check("template", check_template),
)
