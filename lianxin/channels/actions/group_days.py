"""The provider's own count of groups, day by day and owner by owner."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.reactions import PROVIDER_ZONE
from lianxin.channels.adapters.wecom.groups import CountedDay
from lianxin.channels.models import GroupDay


@transaction.atomic
def store_days(account: AccountFacts, owner: str, days: Iterable[CountedDay]) -> None:
    """Keep the days; a day that was counted before keeps its row."""
    GroupDay.objects.bulk_create(
        (
            GroupDay(
                hospital_id=account.hospital_id,
                account_id=account.id,
                owner_userid=owner,
                day=day.at.astimezone(PROVIDER_ZONE).date(),
                group_count=day.group_count,
                member_count=day.member_count,
                new_member_count=day.new_member_count,
                message_count=day.message_count,
            )
            for day in days
        ),
        ignore_conflicts=True,
    )
