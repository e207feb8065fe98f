"""Reads about followers: for the comparison with the account's list, and who is to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from lianxin.channels import facts
from lianxin.channels.models import ERASED_PREFIX, Account, Address


def list_missed_followers(
    hospital_id: int, account_id: int, open_ids: Sequence[str], read_at: datetime
) -> QuerySet[Address]:
    """Return who had gone before the list was read, and is in it again."""
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    gone = rows.filter(state=Address.State.REMOVED, removed_at__lt=read_at)
    return gone.filter(external_id__in=open_ids).order_by("id")


def list_unfollowed(hospital_id: int, account_id: int, since: datetime) -> QuerySet[Address]:
    """Return the standing followers whom a list read since then did not have."""
    unlisted = Q(listed_at=None) | Q(listed_at__lt=since)
    quiet = Q(last_action_at=None) | Q(last_action_at__lt=since)
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    standing = rows.filter(state=Address.State.ACTIVE, added_at__lt=since)
    return standing.filter(unlisted & quiet).order_by("id")


def list_unfollowed_to_forget(hospital_id: int, now: datetime) -> QuerySet[Address]:
    """Return who unfollowed so long ago that the platform's rule wants their data deleted."""
    rows = Address.objects.filter(
        hospital_id=hospital_id,
        account__kind=Account.Kind.OFFICIAL_ACCOUNT,
        state=Address.State.REMOVED,
        removed_at__lte=now - facts.days("unfollowed_days"),
    )
    return rows.exclude(external_id__startswith=ERASED_PREFIX).order_by("removed_at", "id")
