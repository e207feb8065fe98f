"""Temporary media: ids that live three days, and pictures whose address stays."""

from __future__ import annotations

import base64
import re
import secrets

from starlette.responses import Response

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp
from sandbox.wecom.posts import Media

SMALLEST = 5
MEGABYTE = 1024 * 1024
MEDIA_SECONDS = 3 * 86400
# The document's limits: bytes, and what a file of the kind begins with.
LIMITS = {
    "image": 10 * MEGABYTE,
    "voice": 2 * MEGABYTE,
    "video": 10 * MEGABYTE,
    "file": 20 * MEGABYTE,
}
BEGINNINGS = {
    "image": (b"\x89PNG", b"\xff\xd8\xff"),
    "voice": (b"#!AMR",),
    "video": (b"ftyp",),
}
# Larger files are remembered without their bytes: the state is one JSON file.
MOST_KEPT_BYTES = 256 * 1024


def read_upload(call: Call) -> tuple[str, bytes]:
    """Return name and bytes of the field `media`; refuse what is no such form, or nearly empty."""
    kind = call.request.headers.get("content-type", "")
    boundary = re.search(r'boundary="?([^";]+)', kind)
    if not kind.startswith("multipart/form-data") or boundary is None:
        raise ApiError(44001)
    for part in call.raw.split(b"--" + boundary[1].encode())[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        if b'name="media"' not in head:
            continue
        found = re.search(rb'filename="([^"]*)"', head)
        content = content.removesuffix(b"\r\n")
        if found is None or len(content) <= SMALLEST:
            break
        return found[1].decode(errors="replace"), content
    raise ApiError(44001)


def check_upload(call: Call) -> None:
    read_upload(call)


def check_file(kind: str, content: bytes) -> None:
    if len(content) > LIMITS[kind]:
        raise ApiError(40006)
    beginnings = BEGINNINGS.get(kind)
    if beginnings and not any(one in content[:12] for one in beginnings):
        raise ApiError(40005)


def keep(call: Call, corp: Corp, kind: str, use: str) -> str:
    name, content = read_upload(call)
    check_file(kind, content)
    media_id = secrets.token_urlsafe(40)
    kept = base64.b64encode(content).decode() if len(content) <= MOST_KEPT_BYTES else ""
    corp.media[media_id] = Media(call.now, kind, use, name, kept)
    return media_id


def upload_media(call: Call, corp: Corp) -> Json:
    kind = call.query.get("type", "")
    if kind not in LIMITS:
        raise ApiError(40004)
    # A text here, a number for attachments: so the documents have it.
    return {
        "errmsg": "",
        "type": kind,
        "media_id": keep(call, corp, kind, "message"),
        "created_at": str(call.box.clock.second()),
    }


def upload_attachment(call: Call, corp: Corp) -> Json:
    kind, use = call.query.get("media_type", ""), call.query.get("attachment_type")
    if kind not in ("image", "video", "file") or use not in ("1", "2"):
        raise ApiError(40004)
    media_id = keep(call, corp, kind, "attachment")
    return {"type": kind, "media_id": media_id, "created_at": call.box.clock.second()}


def upload_image(call: Call, _corp: Corp) -> Json:
    _name, content = read_upload(call)
    check_file("image", content)
    return {"url": f"{call.root}/media/{secrets.token_hex(8)}.png"}


def find_media(corp: Corp, media_id: str, now: float) -> Media:
    """Return what an id stands for: 40007 for a wrong one, 40145 for one whose time is over."""
    media = corp.media.get(media_id)
    if media is None:
        raise ApiError(40007)
    if media.at + MEDIA_SECONDS < now:
        raise ApiError(40145)
    return media


def give_media(call: Call, corp: Corp) -> Response:
    """Give the bytes back; refusals are JSON with status 200."""
    media = find_media(corp, call.query.get("media_id", ""), call.now)
    return Response(
        base64.b64decode(media.content),
        media_type="image/png" if media.kind == "image" else "application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{media.kind}"'},
    )
