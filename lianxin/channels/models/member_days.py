"""What the provider counted of each member, day by day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class MemberDay(models.Model):
    """One member on one day. Null: the provider did not say, which is not the same as none."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    staff_userid = models.CharField(max_length=64)
    # The provider's day, which begins at midnight in Beijing.
    on = models.DateField()
    chat_count = models.PositiveIntegerField(null=True)
    message_count = models.PositiveIntegerField(null=True)
    # Of the talks that the other side began, how many were answered: 0 to 100.
    reply_percent = models.FloatField(null=True)
    first_reply_minutes = models.FloatField(null=True)
    # Who deleted or blocked the member.
    lost_count = models.PositiveIntegerField(null=True)
    asked_count = models.PositiveIntegerField(null=True)
    added_count = models.PositiveIntegerField(null=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "staff_userid", "on"], name="memberday_once_per_day"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["account", "on"], name="memberday_by_day")]

    def __str__(self) -> str:
        return f"{self.staff_userid} {self.on}"
