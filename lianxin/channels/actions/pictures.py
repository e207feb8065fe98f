"""What the pictures of codes say: read by one worker, kept while the picture is the same."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from lianxin.channels import facts
from lianxin.channels.actions import join_codes, live_codes
from lianxin.channels.models import JoinCode, LiveCode
from lianxin.core import time
from lianxin.core.actor import SystemActor

PicturedCode = LiveCode | JoinCode


@transaction.atomic
def claim_picture(code: PicturedCode) -> bool:
    """Take the reading of a code's picture for this worker; who dies leaves it to the next."""
    now = time.now()
    again = now + facts.seconds("contact_way_lease_seconds")
    due = Q(picture_try_at=None) | Q(picture_try_at__lte=now)
    unread = type(code)._default_manager.filter(due, pk=code.pk, qr_url=code.qr_url, qr_content="")
    return bool(unread.update(picture_try_at=again))


@transaction.atomic
def settle_picture(code: PicturedCode, content: str, *, is_there: bool) -> None:
    """Keep what the picture says; a picture that was replaced meanwhile is read anew."""
    unread = type(code)._default_manager.filter(pk=code.pk, qr_url=code.qr_url, qr_content="")
    if content:
        if unread.update(qr_content=content, picture_failure=""):
            record_pictured(code)
        return
    wait = "contact_way_refused_seconds" if is_there else "contact_way_retry_seconds"
    unread.update(
        picture_failure="picture_unreadable" if is_there else "provider_unreachable",
        picture_try_at=time.now() + facts.seconds(wait),
    )


def record_pictured(code: PicturedCode) -> None:
    by = SystemActor(code.hospital_id)
    if isinstance(code, LiveCode):
        live_codes.record(code, "live_code.pictured", by)
    else:
        join_codes.record(code, "join_code.pictured", by)
