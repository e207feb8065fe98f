"""What the provider counted of an Official Account's followers, day by day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class FollowerDay(models.Model):
    """One account on one day. Null: the provider did not say, which is not the same as none."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # The provider's day, which begins at midnight in Beijing.
    on = models.DateField()
    new_count = models.PositiveIntegerField(null=True)
    lost_count = models.PositiveIntegerField(null=True)
    # How many follow when the day is over.
    total_count = models.PositiveIntegerField(null=True)
    # The provider's number of a source → [who came, who went].
    sources = models.JSONField(default=dict)
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "on"], name="followerday_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.on}"
