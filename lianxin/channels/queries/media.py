"""Stored files, and which of their ids at a provider are still good."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from lianxin.channels.models import Media, MediaFile


def find_file(hospital_id: int, sha256: str) -> MediaFile | None:
    return MediaFile.objects.filter(hospital_id=hospital_id, sha256=sha256).first()


def good_media(account_id: int, use: str, files: Iterable[str], now: datetime) -> dict[str, str]:
    """Return the ids that are still good, by file."""
    rows = Media.objects.filter(account_id=account_id, use=use, sha256__any_of=list(files))
    good = rows.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    return dict(good.values_list("sha256", "media_id"))
