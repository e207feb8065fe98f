"""Drafts and publishing: the cover, the draft, its submission, and what became of it."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider, UploadFile

# A cover without words: 900 × 383 is the shape the platform shows.
COVER_SIZE, COVER_COLOUR = (900, 383), (15, 118, 110)
UNREADABLE = -1


@dataclass(frozen=True)
class Examined:
    status: int
    article_id: str = ""
    url: str = ""


def make_cover() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", COVER_SIZE, COVER_COLOUR).save(picture, "JPEG", quality=80)
    return picture.getvalue()


async def add_draft(provider: Provider, title: str, digest: str, content: str, url: str) -> str:
    """Store cover and draft; a repeat only leaves a spare draft that nobody sees."""
    file = UploadFile("cover.jpg", "image/jpeg", make_cover())
    cover = await provider.upload("/cgi-bin/material/add_material", file, type="thumb")
    article = {
        "title": title,
        "digest": digest,
        "content": content,
        "content_source_url": url,
        "thumb_media_id": as_text(cover.get("media_id")),
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
    }
    answer = await provider.post("/cgi-bin/draft/add", {"articles": [article]})
    return as_text(answer.get("media_id"))


async def submit_draft(provider: Provider, draft_id: str) -> str:
    """Submit once: after silence nobody knows whether it was taken."""
    body = {"media_id": draft_id}
    answer = await provider.post("/cgi-bin/freepublish/submit", body, is_repeatable=False)
    return as_text(answer.get("publish_id"))


async def find_result(provider: Provider, publish_id: str) -> Examined:
    answer = await provider.post("/cgi-bin/freepublish/get", {"publish_id": publish_id})
    told = as_text(answer.get("publish_status"))
    detail = answer.get("article_detail")
    items = detail.get("item") if isinstance(detail, dict) else None
    first = items[0] if isinstance(items, list) and items else items
    url = as_text(first.get("article_url")) if isinstance(first, dict) else ""
    status = int(told) if told.isdecimal() else UNREADABLE
    return Examined(status, as_text(answer.get("article_id")), url[:1024])


async def delete_article(provider: Provider, article_id: str) -> None:
    await provider.post("/cgi-bin/freepublish/delete", {"article_id": article_id})
