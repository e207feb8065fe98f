"""Reads of the pictures of codes: which ones nobody has read yet."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db.models import Q

from lianxin.channels.models import JoinCode, LiveCode

Code = TypeVar("Code", LiveCode, JoinCode)


def list_unread_pictures(
    codes: type[Code], hospital_id: int, now: datetime, *, most: int = 50
) -> list[Code]:
    """Return the codes in use of whose picture nobody knows yet what it says."""
    due = Q(picture_try_at=None) | Q(picture_try_at__lte=now)
    rows = codes._default_manager.filter(
        due, hospital_id=hospital_id, is_active=True, account__is_active=True, qr_content=""
    )
    return list(rows.exclude(qr_url="").order_by("id")[:most])
