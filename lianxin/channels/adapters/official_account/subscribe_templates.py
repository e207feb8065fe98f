"""The templates of subscribe notices that an Official Account has chosen at the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.templates import SLOT

# Document getTemplateList: type 2 is good for one notice, 3 for as many as the person likes.
LONG_TERM_TYPE = "3"


@dataclass(frozen=True)
class ListedTemplate:
    template_id: str
    title: str
    is_long_term: bool
    keys: tuple[str, ...]


async def list_templates(provider: Provider) -> list[ListedTemplate]:
    answer = await provider.get("/wxaapi/newtmpl/gettemplate")
    rows = answer.get("data")
    found = rows if isinstance(rows, list) else []
    return [read_row(row) for row in found if isinstance(row, dict) and row.get("priTmplId")]


def read_row(row: dict[str, Any]) -> ListedTemplate:
    return ListedTemplate(
        template_id=as_text(row.get("priTmplId")),
        title=as_text(row.get("title")),
        is_long_term=as_text(row.get("type")) == LONG_TERM_TYPE,
        keys=tuple(dict.fromkeys(SLOT.findall(as_text(row.get("content"))))),
    )
