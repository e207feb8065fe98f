"""Signed calls to Tencent Cloud, API 3.0: what its services have in common."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.tencent_signing import sign_request

# Mainland numbers are typed without it; the services want E.164.
COUNTRY = "+86"


@dataclass(frozen=True)
class Service:
    name: str
    version: str


async def call_service(
    provider: Provider,
    service: Service,
    action: str,
    body: dict[str, Any],
    *,
    is_repeatable: bool = True,
) -> dict[str, Any]:
    """Sign and call. `is_repeatable` false: silence ends the call, it may have worked."""
    account = provider.account
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = sign_request(
        service=service.name,
        secret_id=account.secret("secret_id"),
        secret_key=account.secret("secret_key"),
        host=urlsplit(account.base_url).netloc,
        body=content,
        at=provider.clock(),
    )
    about = {
        "X-TC-Action": action,
        "X-TC-Version": service.version,
        "X-TC-Region": account.setting("region") or "ap-guangzhou",
    }
    return await provider.call(
        "POST",
        "/",
        body=content,
        needs_token=False,
        is_repeatable=is_repeatable,
        headers=headers | about,
    )


def with_country(number: str) -> str:
    return number if number.startswith("+") else COUNTRY + number


def rank_variable(name: str) -> tuple[int, str]:
    """Order a template's variables {1}, {2}… by their numbers, not as words."""
    return (int(name), "") if name.isdigit() else (10_000, name)
