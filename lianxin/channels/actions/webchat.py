"""Web chat on other sites: a signature is taken once."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import IntegrityError, transaction

from lianxin.channels.models import Account, UsedSignature
from lianxin.channels.rules.webchat import LEEWAY, SignedVisitor
from lianxin.core import time


@transaction.atomic
def use_signature(account: Account, visitor: SignedVisitor) -> bool:
    """Take a signature; False when it was taken before. Forgets those that expired long ago."""
    rows = UsedSignature.objects.filter(account=account)
    # Longer than a signature is looked at, so that none comes back.
    rows.filter(expires_at__lt=time.now() - LEEWAY - timedelta(minutes=5)).delete()
    try:
        with transaction.atomic():
            UsedSignature.objects.create(
                hospital_id=account.hospital_id,
                account=account,
                name_hash=hashlib.sha256(visitor.name.encode()).digest(),
                expires_at=visitor.expires_at,
            )
    except IntegrityError:
        return False
    return True
