"""What a live check of an account found out, one row per thing looked at."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class AccountCheck(models.Model):
    """The last answer to one question about one account. `facts` holds nothing personal."""

    class State(models.TextChoices):
        OK = "ok"
        FAILING = "failing"
        UNKNOWN = "unknown"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="checks")
    code = models.CharField(max_length=20)
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    checked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "code"], name="accountcheck_once_per_code")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.code}"
