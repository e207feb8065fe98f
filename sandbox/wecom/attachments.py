"""Text and attachments of welcome words and mass tasks: checked, then laid out for a phone."""

from __future__ import annotations

from sandbox.errors import ApiError, Json
from sandbox.state import Corp
from sandbox.wecom.media import find_media

MOST_ATTACHMENTS = 9
LONGEST_TEXT = 4000
KINDS = ("image", "link", "miniprogram", "video", "file")
# What each must have; of several names one.
NEEDED: dict[str, list[tuple[str, ...]]] = {
    "image": [("media_id", "pic_url")],
    "video": [("media_id",)],
    "file": [("media_id",)],
    "link": [("title",), ("url",)],
    "miniprogram": [("title",), ("appid",), ("page",), ("pic_media_id",)],
}
# Longest values in UTF-8 bytes.
LIMITS = {
    ("link", "title"): 128,
    ("link", "desc"): 512,
    ("link", "url"): 2048,
    ("link", "picurl"): 2048,
    ("miniprogram", "title"): 64,
}


def check_content(corp: Corp, body: Json, now: float) -> None:
    """Refuse what the provider would refuse at once."""
    text = (body.get("text") or {}).get("content", "")
    attachments = body.get("attachments") or []
    if not text and not attachments:
        raise ApiError(44004)
    if len(text.encode()) > LONGEST_TEXT:
        raise ApiError(40058, "text is longer than 4000 bytes")
    if len(attachments) > MOST_ATTACHMENTS:
        raise ApiError(41064, "more than 9 attachments")
    for attachment in attachments:
        _check_attachment(corp, attachment, now)


def _check_attachment(corp: Corp, attachment: Json, now: float) -> None:
    kind = attachment.get("msgtype")
    content = attachment.get(kind) if kind in KINDS else None
    if not isinstance(content, dict):
        raise ApiError(41064)
    for (of_kind, name), most in LIMITS.items():
        if of_kind == kind and len(str(content.get(name, "")).encode()) > most:
            raise ApiError(41064, f"{kind}.{name} is too long")
    if any(not any(content.get(name) for name in names) for names in NEEDED[str(kind)]):
        raise ApiError(41064, f"{kind} is not whole")
    _check_media(corp, content.get("media_id") or content.get("pic_media_id"), now)


def _check_media(corp: Corp, media_id: str | None, now: float) -> None:
    if not media_id:
        return
    find_media(corp, media_id, now)


def list_parts(body: Json) -> list[tuple[str, Json]]:
    """Split into the separate messages that the customer gets."""
    text = (body.get("text") or {}).get("content", "")
    parts: list[tuple[str, Json]] = [("text", {"text": text})] if text else []
    for attachment in body.get("attachments") or []:
        kind = attachment["msgtype"]
        parts.append((kind, dict(attachment[kind])))
    return parts
