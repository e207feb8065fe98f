"""Mass sends that staff made on the platform's own site, and what became of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class MassSend(models.Model):
    """One mass send as its callback told it: sent, or refused for a reason. Null: not told."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    message_id = models.CharField(max_length=64)
    # Empty: it was sent, though not to everybody perhaps.
    failure_code = models.CharField(max_length=40, blank=True)
    total_count = models.PositiveIntegerField(null=True)
    sent_count = models.PositiveIntegerField(null=True)
    failed_count = models.PositiveIntegerField(null=True)
    finished_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "message_id"], name="masssend_once_per_message"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-finished_at"], name="masssend_by_account")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.message_id}"
