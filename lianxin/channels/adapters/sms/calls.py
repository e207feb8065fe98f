"""Signed calls to Tencent Cloud SMS."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.sms.signing import sign_request

VERSION = "2021-01-11"
MAINLAND = 0


async def call(
    provider: Provider, action: str, body: dict[str, Any], *, is_repeatable: bool = True
) -> dict[str, Any]:
    """Sign and call. `is_repeatable` false: silence ends the call, it may have worked."""
    account = provider.account
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = sign_request(
        secret_id=account.secret("secret_id"),
        secret_key=account.secret("secret_key"),
        host=urlsplit(account.base_url).netloc,
        body=content,
        at=provider.clock(),
    )
    about = {
        "X-TC-Action": action,
        "X-TC-Version": VERSION,
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


async def list_templates(provider: Provider) -> list[dict[str, Any]]:
    """Read what became of the account's template (document DescribeSmsTemplateList)."""
    template_id = provider.account.setting("template_id")
    body: dict[str, Any] = {"International": MAINLAND}
    body |= {"TemplateIdSet": [int(template_id)]} if template_id.isdigit() else {"Limit": 1}
    answer = await call(provider, "DescribeSmsTemplateList", body)
    response = answer.get("Response")
    rows = response.get("DescribeTemplateStatusSet") if isinstance(response, dict) else None
    return [row for row in rows or [] if isinstance(row, dict)]
