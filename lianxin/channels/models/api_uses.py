"""How often the providers' paths were called, over all processes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class ApiUse(models.Model):
    """One path of one account in its latest minute, hour, day or month."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    path = models.CharField(max_length=128)
    window = models.CharField(max_length=8)
    ends_at = models.DateTimeField()
    used_count = models.PositiveIntegerField(default=0)
    # The provider has refused: until then nobody asks again.
    blocked_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "path", "window"], name="apiuse_once_per_window"
            )
        ]

    def __str__(self) -> str:
        return f"{self.path} {self.window}"
