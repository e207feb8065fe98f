"""What the provider counted of a customer service account and of its servicers, day by day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class ServiceDay(models.Model):
    """One account or one servicer on one day. Null: the provider did not say, which is not none."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # Empty: the whole account.
    servicer_userid = models.CharField(max_length=64, blank=True)
    # The provider's day, which begins at midnight in Beijing.
    on = models.DateField()
    session_count = models.PositiveIntegerField(null=True)
    customer_count = models.PositiveIntegerField(null=True)
    # What customers wrote.
    message_count = models.PositiveIntegerField(null=True)
    # Customers who refuse messages.
    rejected_count = models.PositiveIntegerField(null=True)
    # Of the sessions in which a servicer was written to, how many were answered: 0 to 100.
    reply_percent = models.FloatField(null=True)
    first_reply_seconds = models.FloatField(null=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "servicer_userid", "on"], name="serviceday_once_per_day"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["account", "on"], name="serviceday_by_day")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.servicer_userid} {self.on}"
