"""Files are stored once, and their ids at the providers until they run out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import transaction

from lianxin.channels import facts, reasons, rules
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.reactions import load_media_limits
from lianxin.channels.adapters.uploads import Uploaded
from lianxin.channels.models import Media, MediaFile
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.staff.models import Staff

NAME_CHARACTERS = 120


def check_file(account_kind: str, content: bytes) -> rules.FileKind:
    """Refuse in words what the provider would refuse, before anything is uploaded."""
    found = rules.kind_of(content)
    limit = load_media_limits().get((ADAPTERS[account_kind].platform, found.kind))
    fault = "media_type_refused"
    if limit is not None:
        fault = rules.find_media_fault(
            len(content),
            found.content_type,
            smallest=facts.count("media_smallest_bytes"),
            largest=limit.bytes,
            types=limit.types,
        )
    if fault:
        raise RefusedError(reasons.sentence_of(fault))
    return found


@transaction.atomic
def keep_file(account_kind: str, content: bytes, name: str, *, by: Staff) -> MediaFile:
    """Store a file that may go to such an account; the same bytes again are the same file."""
    found = check_file(account_kind, content)
    file, _is_new = MediaFile.objects.get_or_create(
        hospital_id=by.hospital_id,
        sha256=hashlib.sha256(content).hexdigest(),
        defaults={
            "kind": found.kind,
            "content_type": found.content_type,
            "name": name[-NAME_CHARACTERS:] or found.kind,
            "content": content,
            "stored_by": by,
            "created_at": time.now(),
        },
    )
    return file


@transaction.atomic
def store_media(account: AccountFacts, sha256: str, use: str, uploaded: Uploaded) -> None:
    """Remember the newest id; it is given up some time before the provider forgets it."""
    life = facts.days("media_days") - facts.seconds("media_spare_seconds")
    Media.objects.update_or_create(
        account_id=account.id,
        sha256=sha256,
        use=use,
        defaults={
            "hospital_id": account.hospital_id,
            "media_id": uploaded.media_id,
            "uploaded_at": uploaded.created_at,
            "expires_at": None if uploaded.is_lasting else uploaded.created_at + life,
            "reason_code": "",
            "next_try_at": None,
        },
    )


@transaction.atomic
def note_media_failed(account: AccountFacts, sha256: str, use: str, reason: str) -> None:
    """Say why an upload failed and when it is tried again; an id that is still good stays."""
    now = time.now()
    failure = {
        "reason_code": reason[:40],
        "next_try_at": now + facts.seconds("media_retry_seconds"),
    }
    Media.objects.update_or_create(
        account_id=account.id,
        sha256=sha256,
        use=use,
        defaults=failure,
        create_defaults=failure
        | {"hospital_id": account.hospital_id, "uploaded_at": now, "expires_at": now},
    )


def forget_media(account_id: int, files: Iterable[str], use: str) -> None:
    """Forget ids that the provider does not know any more, so that they are made anew."""
    Media.objects.filter(account_id=account_id, sha256__any_of=list(files), use=use).delete()
