"""Which articles of Official Accounts are still counted, and by which day they were published."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q

from lianxin.channels.adapters.reactions import PROVIDER_ZONE, load_facts
from lianxin.channels.models import Publication
from lianxin.channels.queries.member_days import provider_today


def list_days_to_count(hospital_id: int, account_id: int, now: datetime) -> list[date]:
    """Return the days on which something was published that is not counted until yesterday."""
    facts = load_facts()
    if now.astimezone(PROVIDER_ZONE).hour < facts["article_count_hour"]:
        return []
    today = provider_today(now)
    oldest = today - timedelta(days=facts["article_counted_days"])
    is_behind = Q(counted_on=None) | Q(counted_on__lt=today - timedelta(days=1))
    rows = Publication.objects.filter(
        is_behind, hospital_id=hospital_id, account_id=account_id, state="published"
    ).exclude(message_id="")
    published = rows.filter(published_at__isnull=False).values_list("published_at", flat=True)
    days = {at.astimezone(PROVIDER_ZONE).date() for at in published if at is not None}
    return sorted(day for day in days if oldest <= day < today)
