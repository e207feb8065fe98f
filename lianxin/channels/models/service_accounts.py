"""The corp's customer service accounts: as they are wanted, and as they were listed last."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.groups import KeptAtProvider
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital


class ServiceAccount(KeptAtProvider):
    """One customer service account of a corp, seen through the channel whose app may manage it."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    # Empty until the provider has made it.
    open_kfid = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=64)
    listed_name = models.CharField(max_length=64, blank=True)
    # The picture that a new one is made with, by its SHA-256.
    picture = models.CharField(max_length=64, blank=True)
    is_wanted = models.BooleanField(default=True)
    is_listed = models.BooleanField(default=False)
    # Whether our app may answer for it, or only sees it.
    is_managed = models.BooleanField(default=True)
    # When the provider was asked to make it, while nobody knows whether it did.
    asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "open_kfid"],
                condition=~Q(open_kfid=""),
                name="serviceaccount_once_per_account",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "next_try_at"], name="serviceaccount_to_keep")
        ]

    def __str__(self) -> str:
        return self.name
