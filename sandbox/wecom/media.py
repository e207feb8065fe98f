"""Temporary media: ids that live three days. The bytes are not kept."""

from __future__ import annotations

import secrets

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.state import Corp

SMALLEST = 5


def check_upload(call: Call) -> None:
    """Refuse what is no multipart form with a field `media`, or is nearly empty."""
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data") or b'name="media"' not in call.raw:
        raise ApiError(44001)
    head, _, rest = call.raw.partition(b'name="media"')
    content = rest.partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
    if not head or len(content) <= SMALLEST:
        raise ApiError(44001)


def upload_media(call: Call, corp: Corp) -> Json:
    check_upload(call)
    kind = call.query.get("type", "")
    if kind not in ("image", "voice", "video", "file"):
        raise ApiError(40058, "type")
    media_id = secrets.token_urlsafe(40)
    corp.media[media_id] = call.now
    # A text here, a number for attachments: so the documents have it.
    return {
        "errmsg": "",
        "type": kind,
        "media_id": media_id,
        "created_at": str(call.box.clock.second()),
    }


def upload_attachment(call: Call, corp: Corp) -> Json:
    check_upload(call)
    media_id = secrets.token_urlsafe(40)
    corp.media[media_id] = call.now
    kind = call.query.get("media_type", "image")
    return {"type": kind, "media_id": media_id, "created_at": call.box.clock.second()}


def upload_image(call: Call, _corp: Corp) -> Json:
    check_upload(call)
    return {"url": f"{call.root}/media/{secrets.token_hex(8)}.png"}
