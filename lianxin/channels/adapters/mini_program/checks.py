"""Live checks of a mini-program."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.checking import TOKEN, Check
from lianxin.channels.adapters.official_account.checks import check_token
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.templates import check_listed


async def check_template(provider: Provider) -> dict[str, Any]:
    answer = await provider.get("/wxaapi/newtmpl/gettemplate")
    return check_listed(provider.account, answer.get("data"), "priTmplId")


CHECKS = (Check(TOKEN, check_token), Check("template", check_template))
