"""Uploading files to the providers: which call for which use, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lianxin.channels.adapters.base import as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider, UploadFile

# A message's attachment, a moment's, and a picture with a lasting address.
MESSAGE, MOMENT, PICTURE = "message", "moment", "picture"
OF_MOMENTS = "1"


@dataclass(frozen=True)
class Uploaded:
    """What the provider gave: an id that runs out, or an address that stays."""

    media_id: str
    created_at: datetime
    is_lasting: bool = False


async def upload(provider: Provider, use: str, kind: str, file: UploadFile) -> Uploaded:
    """Upload one file. `created_at` is a text in one answer and a number in another."""
    if use == PICTURE:
        answer = await provider.upload("/cgi-bin/media/uploadimg", file)
        return Uploaded(as_text(answer.get("url")), provider.clock(), is_lasting=True)
    if use == MOMENT:
        path = "/cgi-bin/media/upload_attachment"
        answer = await provider.upload(path, file, media_type=kind, attachment_type=OF_MOMENTS)
    else:
        answer = await provider.upload("/cgi-bin/media/upload", file, type=kind)
    made_at = at_unix(answer.get("created_at"))
    now = provider.clock()
    is_told = made_at.timestamp() > 0
    # A provider's clock that is ahead of ours must not make the id live longer.
    return Uploaded(as_text(answer.get("media_id")), min(made_at, now) if is_told else now)


async def fetch_media(provider: Provider, media_id: str) -> bytes:
    return await provider.fetch_file("/cgi-bin/media/get", media_id=media_id)
