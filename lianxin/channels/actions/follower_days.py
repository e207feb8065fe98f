"""What the provider counted of followers: kept once for each day, corrected by a later look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from lianxin.channels.adapters.official_account.statistics import FollowerCounts
from lianxin.channels.models import Account, FollowerDay
from lianxin.core import events, time
from lianxin.core.actor import SystemActor


@transaction.atomic
def store_follower_days(
    account: Account, first: date, last: date, days: Sequence[FollowerCounts]
) -> None:
    """Keep every day from `first` to `last`; one the provider did not tell is kept as not told."""
    told = {day.on: day for day in days}
    now = time.now()
    for number in range((last - first).days + 1):
        on = first + timedelta(days=number)
        day = told.get(on)
        if day is None:
            known = {"hospital_id": account.hospital_id, "read_at": now}
            FollowerDay.objects.get_or_create(account=account, on=on, defaults=known)
            continue
        counts = {
            "new_count": day.new_count,
            "lost_count": day.lost_count,
            "total_count": day.total_count,
            "sources": {source: list(pair) for source, pair in day.sources.items()},
        }
        FollowerDay.objects.update_or_create(
            account=account,
            on=on,
            defaults={"hospital_id": account.hospital_id, "read_at": now} | counts,
        )
    if told:
        events.record(
            "follower_days.read",
            hospital_id=account.hospital_id,
            subject="account",
            subject_id=account.pk,
            by=SystemActor(account.hospital_id),
            data={"days": len(told), "last": max(told).isoformat()},
        )
