"""Live checks of a voice account: the service has no call that only reads.

What can be asked without ringing anybody is whether the signature is accepted: an action that does
not exist is refused with one code, a wrong secret with another [D].
"""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.checking import Check
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.tencent_calls import Service, call_service

# Not an action of the service: what is signed well is refused as unknown.
NOTHING = "DescribeNothing"
SIGNED_WELL = frozenset({"InvalidAction", "UnsupportedOperation", "UnauthorizedOperation"})


async def check_secret(provider: Provider) -> dict[str, Any]:
    try:
        await call_service(provider, Service("vms", "2020-09-02"), NOTHING, {})
    except ProviderError as error:
        if str(error.row.code).partition(".")[0] not in SIGNED_WELL:
            raise
    return {}


CHECKS = (Check("secret", check_secret),)
