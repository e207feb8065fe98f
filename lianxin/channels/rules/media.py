"""What a file is, judged by its first bytes, and whether a provider takes it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

IMAGE, VIDEO, VOICE, FILE = "image", "video", "voice", "file"
# What files begin with; MP4 says so after its length.
BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", IMAGE, "image/png"),
    (b"\xff\xd8\xff", IMAGE, "image/jpeg"),
    (b"GIF87a", IMAGE, "image/gif"),
    (b"GIF89a", IMAGE, "image/gif"),
    (b"#!AMR", VOICE, "audio/amr"),
    (b"%PDF-", FILE, "application/pdf"),
)
ANY_TYPE = "application/octet-stream"
MP4_MARK, MP4_AT = b"ftyp", 4


class FileKind(NamedTuple):
    kind: str
    content_type: str


def kind_of(content: bytes) -> FileKind:
    """Return what the bytes are; the name somebody gave the file says nothing."""
    for beginning, kind, content_type in BEGINNINGS:
        if content.startswith(beginning):
            return FileKind(kind, content_type)
    if content[MP4_AT : MP4_AT + len(MP4_MARK)] == MP4_MARK:
        return FileKind(VIDEO, "video/mp4")
    return FileKind(FILE, ANY_TYPE)


def find_media_fault(
    size: int, content_type: str, *, smallest: int, largest: int, types: Collection[str]
) -> str:
    """Return why a provider does not take such a file, as a reason code; empty when it does."""
    if size < smallest:
        return "media_too_small"
    if types and content_type not in types:
        return "media_type_refused"
    return "media_too_big" if size > largest else ""
