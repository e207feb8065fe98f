"""Drafts and publishing: the cover, the draft, its submission, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider, ProviderError, UploadFile
from lianxin.channels.rules.publications import UNREADABLE

# The cover that an article was given, or the article itself, is not there any more.
GONE = "material_gone"
URL_CHARACTERS = 1024


@dataclass(frozen=True)
class Draft:
    """What a draft is made of; `cover_id` is the id of a lasting picture."""

    title: str
    author: str
    digest: str
    content: str
    url: str
    cover_id: str


@dataclass(frozen=True)
class Submitted:
    """`message_id` is what the statistics name the article by."""

    publish_id: str
    message_id: str


@dataclass(frozen=True)
class Examined:
    status: int
    publish_id: str = ""
    article_id: str = ""
    url: str = ""


async def add_cover(provider: Provider, picture: bytes) -> str:
    """Store a picture for good; returns its id. A repeat leaves one more in the library."""
    file = UploadFile("cover.jpg", "image/jpeg", picture)
    cover = await provider.upload("/cgi-bin/material/add_material", file, type="thumb")
    return as_text(cover.get("media_id"))


async def add_draft(provider: Provider, draft: Draft) -> str:
    """Store the draft; a repeat only leaves a spare one that nobody sees."""
    article = {
        "title": draft.title,
        "author": draft.author,
        "digest": draft.digest,
        "content": draft.content,
        "content_source_url": draft.url,
        "thumb_media_id": draft.cover_id,
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
    }
    answer = await provider.post("/cgi-bin/draft/add", {"articles": [article]})
    return as_text(answer.get("media_id"))


async def submit_draft(provider: Provider, draft_id: str) -> Submitted:
    """Submit once: after silence nobody knows whether it was taken."""
    body = {"media_id": draft_id}
    answer = await provider.post("/cgi-bin/freepublish/submit", body, is_repeatable=False)
    return Submitted(as_text(answer.get("publish_id")), as_text(answer.get("msg_data_id")))


async def find_result(provider: Provider, publish_id: str) -> Examined:
    return read_examined(
        await provider.post("/cgi-bin/freepublish/get", {"publish_id": publish_id})
    )


def read_examined(told: Mapping[str, Any]) -> Examined:
    """Read how it ended, from the answer or from the callback: both have the same fields."""
    status = as_text(told.get("publish_status"))
    detail = told.get("article_detail")
    items = detail.get("item") if isinstance(detail, dict) else None
    first = items[0] if isinstance(items, list) and items else items
    url = as_text(first.get("article_url")) if isinstance(first, dict) else ""
    return Examined(
        int(status) if status.isdecimal() else UNREADABLE,
        as_text(told.get("publish_id")),
        as_text(told.get("article_id")),
        url[:URL_CHARACTERS],
    )


async def delete_article(provider: Provider, article_id: str) -> None:
    """Take the article away; one that is not there any more is as good as taken away."""
    try:
        await provider.post("/cgi-bin/freepublish/delete", {"article_id": article_id})
    except ProviderError as error:
        if error.reason != GONE:
            raise
