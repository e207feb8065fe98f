"""Callbacks as they came: settled when they were understood, and forgotten in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from lianxin.channels import facts
from lianxin.channels.models import Account, Callback
from lianxin.core import time


@transaction.atomic
def settle_callbacks(ids: Sequence[int], state: str) -> None:
    """Mark callbacks and, when they were understood, drop the raw text: the arrivals have it."""
    rows = Callback.objects.filter(pk__in=ids, state=Callback.State.RECEIVED)
    if state == Callback.State.TRANSLATED:
        rows.update(state=state, body_sealed=b"")
    else:
        rows.update(state=state)


def note_callback(account_id: int) -> None:
    """Remember that callbacks arrive; to the minute, so that the row is not fought over."""
    now = time.now()
    older = Q(last_callback_at=None) | Q(last_callback_at__lt=now - timedelta(minutes=1))
    Account.objects.filter(older, pk=account_id).update(last_callback_at=now)


def forget_raw(hospital_id: int) -> int:
    """Empty the raw callbacks that nobody understood and whose time is over."""
    before = time.now() - facts.days("raw_callback_days")
    rows = Callback.objects.filter(hospital_id=hospital_id, received_at__lt=before)
    return rows.exclude(body_sealed=b"").update(body_sealed=b"")
