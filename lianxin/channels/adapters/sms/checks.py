"""Live checks of an SMS account. Reading the templates costs nothing; sending would."""

from __future__ import annotations

import re
from typing import Any

from lianxin.channels.adapters.account_fields import sms_value_count
from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.checking import Check, CheckFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.sms import calls

SLOT = re.compile(r"\{\d+\}")
# StatusCode of DescribeSmsTemplateList: 0 approved, 1 in review, 2 soon in force, -1 refused.
APPROVED = "0"


async def check_secret(provider: Provider) -> dict[str, Any]:
    """Sign one reading call. Somebody who may not read has still signed rightly."""
    try:
        await calls.list_templates(provider)
    except ProviderError as error:
        if not str(error.row.code).startswith("UnauthorizedOperation"):
            raise
    return {}


async def check_template(provider: Provider) -> dict[str, Any]:
    wanted = provider.account.setting("template_id")
    rows = await calls.list_templates(provider)
    found = next((row for row in rows if as_text(row.get("TemplateId")) == wanted), None)
    if found is None:
        raise CheckFailed("template_missing", count=len(rows))
    title = as_text(found.get("TemplateName"))
    if as_text(found.get("StatusCode")) != APPROVED:
        raise CheckFailed("template_unapproved", title=title)
    slots = set(SLOT.findall(as_text(found.get("TemplateContent"))))
    if len(slots) != sms_value_count():
        raise CheckFailed("template_values", title=title, count=len(slots))
    return {"title": title}


CHECKS = (Check("secret", check_secret), Check("template", check_template))
