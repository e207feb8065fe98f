"""Stored files, which of their ids at a provider are still good, and which must be made ahead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Func, IntegerField, Q

from lianxin.channels import facts
from lianxin.channels.adapters.uploads import MESSAGE, PICTURE
from lianxin.channels.models import Account, LiveCode, Media, MediaFile
from lianxin.channels.queries.attachments import LINK


def find_file(hospital_id: int, sha256: str) -> MediaFile | None:
    return MediaFile.objects.filter(hospital_id=hospital_id, sha256=sha256).first()


@dataclass(frozen=True)
class FileFacts:
    """A stored file without its bytes; `size` counts them."""

    sha256: str
    kind: str
    content_type: str
    name: str
    size: int


def describe_files(hospital_id: int, files: Iterable[str]) -> dict[str, FileFacts]:
    rows = MediaFile.objects.filter(hospital_id=hospital_id, sha256__any_of=list(files))
    size = Func("content", function="octet_length", output_field=IntegerField())
    found = rows.annotate(size=size).values_list("sha256", "kind", "content_type", "name", "size")
    return {row[0]: FileFacts(*row) for row in found}


def good_media(account_id: int, use: str, files: Iterable[str], now: datetime) -> dict[str, str]:
    """Return the ids that are still good, by file."""
    rows = Media.objects.filter(account_id=account_id, use=use, sha256__any_of=list(files))
    good = rows.exclude(media_id="").filter(Q(expires_at=None) | Q(expires_at__gt=now))
    return dict(good.values_list("sha256", "media_id"))


class NeededFile(NamedTuple):
    """A file that one account must have ready for one use."""

    account_id: int
    use: str
    sha256: str


def files_of(account_id: int, rows: Iterable[dict[str, Any]]) -> set[NeededFile]:
    return {
        NeededFile(account_id, PICTURE if row["kind"] == LINK else MESSAGE, row["file"])
        for row in rows
        if row.get("file")
    }


def list_needed_files(hospital_id: int) -> set[NeededFile]:
    """Return what the welcomes of the codes in use carry: a code gives no time for an upload."""
    codes = LiveCode.objects.filter(
        ~Q(welcome_attachments=[]) | ~Q(welcomes=[]),
        hospital_id=hospital_id,
        is_active=True,
        account__is_active=True,
        account__kind=Account.Kind.WECOM,
    )
    needed: set[NeededFile] = set()
    for account_id, default, welcomes in codes.values_list(
        "account_id", "welcome_attachments", "welcomes"
    ):
        needed |= files_of(account_id, default)
        for welcome in welcomes:
            needed |= files_of(account_id, welcome.get("attachments", []))
    return needed


def list_due_files(hospital_id: int, now: datetime) -> list[NeededFile]:
    """Return the needed files whose ids are missing or run out within the time ahead."""
    needed = list_needed_files(hospital_id)
    if not needed:
        return []
    fresh = Q(expires_at=None) | Q(expires_at__gt=now + facts.seconds("media_ahead_seconds"))
    rows = Media.objects.filter(
        hospital_id=hospital_id, sha256__any_of=[one.sha256 for one in needed]
    )
    held = rows.filter((fresh & ~Q(media_id="")) | Q(next_try_at__gt=now))
    done = {NeededFile(*row) for row in held.values_list("account_id", "use", "sha256")}
    return sorted(needed - done)[: facts.count("media_uploads_per_run")]


def standing_media(account_id: int, needed: Iterable[NeededFile]) -> dict[NeededFile, Media]:
    """Return how far the files of one account are at the provider."""
    rows = Media.objects.filter(
        account_id=account_id, sha256__any_of=[one.sha256 for one in needed]
    )
    return {NeededFile(row.account_id, row.use, row.sha256): row for row in rows}
