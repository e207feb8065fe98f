"""What the provider counted of customer service: kept once for each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta

from django.db import transaction

from lianxin.channels.adapters.wecom_kf.statistics import ServiceCounts
from lianxin.channels.models import Account, ServiceDay
from lianxin.core import events, time
from lianxin.core.actor import SystemActor


@transaction.atomic
def store_service_days(
    account: Account, userid: str, first: date, last: date, days: Sequence[ServiceCounts]
) -> None:
    """Keep every day from `first` to `last`; one the provider did not tell is kept as not told."""
    told = {day.on: day for day in days}
    now = time.now()
    for number in range((last - first).days + 1):
        on = first + timedelta(days=number)
        counts = asdict(told.get(on, ServiceCounts(on)))
        del counts["on"]
        ServiceDay.objects.update_or_create(
            account=account,
            servicer_userid=userid,
            on=on,
            defaults={"hospital_id": account.hospital_id, "read_at": now} | counts,
        )
    events.record(
        "service_days.read",
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.pk,
        by=SystemActor(account.hospital_id),
        data={"days": len(told), "last": last.isoformat()},
    )
