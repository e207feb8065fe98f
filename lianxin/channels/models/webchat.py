"""What web chat has to remember of the sites it stands on."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class UsedSignature(models.Model):
    """A signature of a hospital's own site that was taken: it opens a chat once."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # The hash of its `jti`; nothing of the person stands here.
    name_hash = models.BinaryField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name_hash"], name="signature_once")
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="signature_by_expiry")]

    def __str__(self) -> str:
        return f"{self.account_id} until {self.expires_at:%H:%M}"
