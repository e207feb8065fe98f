"""Whether the template that an account names is there, and has the words that are sent."""

from __future__ import annotations

import re
from typing import Any

from lianxin.channels.adapters.account_fields import card_keys
from lianxin.channels.adapters.base import AccountFacts, as_text
from lianxin.channels.adapters.checking import NOT_SET, CheckFailed

SLOT = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")


def check_listed(account: AccountFacts, listed: Any, id_name: str) -> dict[str, Any]:
    """Find the account's template in the provider's list; its keys must be the card's."""
    wanted = account.setting("template_id")
    if not wanted:
        raise CheckFailed(NOT_SET)
    rows = [row for row in listed or [] if isinstance(row, dict)]
    found = next((row for row in rows if as_text(row.get(id_name)) == wanted), None)
    if found is None:
        raise CheckFailed("template_missing", count=len(rows))
    title, keys = as_text(found.get("title")), set(SLOT.findall(as_text(found.get("content"))))
    if keys != card_keys():
        raise CheckFailed(
            "template_keys",
            title=title,
            missing=sorted(card_keys() - keys),
            extra=sorted(keys - card_keys()),
        )
    return {"title": title}
