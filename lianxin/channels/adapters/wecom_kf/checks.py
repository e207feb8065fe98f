"""Live checks of a WeChat customer service account."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.checking import TOKEN, Check, CheckFailed
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom.checks import check_token
from lianxin.channels.adapters.wecom_kf import accounts, calls


async def check_account(provider: Provider) -> dict[str, Any]:
    listed = {one.open_kfid: one for one in await accounts.list_accounts(provider)}
    ours = listed.get(provider.account.setting("open_kfid"))
    if ours is None:
        raise CheckFailed("kf_not_listed", count=len(listed))
    if not ours.is_managed:
        raise CheckFailed("kf_not_managed", name=ours.name)
    return {"name": ours.name}


async def check_servicers(provider: Provider) -> dict[str, Any]:
    count = await calls.count_servicers(provider)
    if not count:
        raise CheckFailed("no_servicers")
    return {"count": count}


CHECKS = (
    Check(TOKEN, check_token, proves_ip=False),
    Check("kf_account", check_account),
    Check("servicers", check_servicers),
)
