"""Attachments of mass messages, welcomes and moments: checked, and in the provider's own shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.reactions import load_facts

FILES = {"image", "video", "file"}


def find_attachment_fault(attachments: Sequence[Attachment], *, links: int = 0) -> str:
    """Return why these cannot go along with a message, as a reason code; empty when they can."""
    limits = load_facts()
    if len(attachments) + links > limits["attachments"]:
        return "attachments_too_many"
    for one in attachments:
        if not is_whole(one):
            return "attachment_missing"
        title = limits[
            "mini_title_bytes" if one.kind == "miniprogram" else "attachment_title_bytes"
        ]
        lengths = (
            (one.title, title),
            (one.text, limits["attachment_text_bytes"]),
            (one.url, limits["attachment_url_bytes"]),
        )
        if any(len(text.encode()) > most for text, most in lengths):
            return "attachment_too_long"
    return ""


def is_whole(one: Attachment) -> bool:
    if one.kind in FILES:
        return bool(one.file)
    if one.kind == "miniprogram":
        return bool(one.title and one.app_id and one.page and one.file)
    return one.kind == "link" and bool(one.title and one.url)


def find_moment_fault(text: str, attachments: Sequence[Attachment]) -> str:
    """Return why a moment cannot be made, as a reason code: 9 pictures, a video or a link."""
    limits = load_facts()
    is_long = len(text) > limits["moment_text_characters"]
    if is_long or len(text.encode()) > limits["moment_text_bytes"]:
        return "moment_text_long"
    kinds = [one.kind for one in attachments]
    is_pictures = set(kinds) == {"image"} and len(kinds) <= limits["moment_images"]
    is_single = len(kinds) == 1 and kinds[0] in {"video", "link"}
    if kinds and not (is_pictures or is_single):
        return "attachments_mixed"
    if any(not one.file or not is_whole(one) for one in attachments):
        return "attachment_missing"
    if any(len(one.title) > limits["moment_link_title_characters"] for one in attachments):
        return "attachment_too_long"
    return "" if text.strip() or attachments else "attachment_missing"


def build_attachments(
    attachments: Sequence[Attachment], media_ids: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Write them as send_welcome_msg and add_msg_template want them."""
    return [{"msgtype": one.kind, one.kind: build_content(one, media_ids)} for one in attachments]


def cover_key(file: str) -> str:
    """Return under which name a link's cover is: its lasting address, not a media id."""
    return f"cover:{file}"


def build_content(one: Attachment, media_ids: Mapping[str, str]) -> dict[str, str]:
    media_id = media_ids.get(one.file, "")
    if one.kind in FILES:
        return {"media_id": media_id}
    if one.kind == "miniprogram":
        page = {"title": one.title, "appid": one.app_id, "page": one.page}
        return page | {"pic_media_id": media_id}
    content = {"title": one.title, "desc": one.text, "url": one.url}
    content["picurl"] = media_ids.get(cover_key(one.file), "")
    return {name: value for name, value in content.items() if value}


def build_moment_attachments(
    attachments: Sequence[Attachment], media_ids: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Write them as add_moment_task wants them: a link's cover is a media id too."""
    built = []
    for one in attachments:
        content = {"media_id": media_ids.get(one.file, "")}
        if one.kind == "link":
            content |= {"title": one.title, "url": one.url}
        built.append({"msgtype": one.kind, one.kind: content})
    return built
