"""Signed calls to Tencent Cloud SMS."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.tencent_calls import Service, call_service

SMS = Service("sms", "2021-01-11")
MAINLAND = 0


async def call(
    provider: Provider, action: str, body: dict[str, Any], *, is_repeatable: bool = True
) -> dict[str, Any]:
    return await call_service(provider, SMS, action, body, is_repeatable=is_repeatable)


async def list_templates(provider: Provider) -> list[dict[str, Any]]:
    """Read what became of the account's template (document DescribeSmsTemplateList)."""
    template_id = provider.account.setting("template_id")
    body: dict[str, Any] = {"International": MAINLAND}
    body |= {"TemplateIdSet": [int(template_id)]} if template_id.isdigit() else {"Limit": 1}
    answer = await call(provider, "DescribeSmsTemplateList", body)
    response = answer.get("Response")
    rows = response.get("DescribeTemplateStatusSet") if isinstance(response, dict) else None
    return [row for row in rows or [] if isinstance(row, dict)]
