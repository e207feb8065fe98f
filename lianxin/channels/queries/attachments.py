"""Attachments as they are stored beside a text, and what they are when they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from lianxin.channels import reviewed_pages
from lianxin.channels.adapters.base import Attachment

# Links lead to reviewed pages only: `page` holds the page's key until the link is sent.
LINK = "link"


def as_attachments(rows: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    return tuple(Attachment(**row) for row in rows)


def as_rows(attachments: Iterable[Attachment]) -> list[dict[str, str]]:
    """Return them as they are stored; what is empty is left out."""
    return [{name: value for name, value in asdict(one).items() if value} for one in attachments]


def resolve_attachments(
    hospital_id: int, attachments: Sequence[Attachment], make_url: Callable[[str], str]
) -> tuple[Attachment, ...]:
    """Give links the title and address of their page as it is now; one withdrawn is left out."""
    keys = {one.page for one in attachments if one.kind == LINK}
    pages = {page.key: page for page in reviewed_pages.list_pages(hospital_id)} if keys else {}
    found = []
    for one in attachments:
        if one.kind != LINK:
            found.append(one)
        elif page := pages.get(one.page):
            url = make_url(page.path)
            found.append(replace(one, title=page.title, text=page.summary, url=url, page=""))
    return tuple(found)
