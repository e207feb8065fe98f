"""The menu under an Official Account's chat: as we want it, and as the provider last took it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class OfficialMenu(models.Model):
    """What is to be pressed there. No buttons: no menu."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    # name, kind (page, url, answer, group), value, and for a group its own buttons as `sub`.
    buttons = models.JSONField(default=list)
    # What the provider took last; old phones show it for a day.
    confirmed = models.JSONField(default=list)
    # Counts the changes, so that nobody's change overwrites one that they have not seen.
    revision = models.PositiveIntegerField(default=1)
    published_revision = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=40, blank=True)
    next_try_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_try_at"],
                condition=~Q(revision=F("published_revision")),
                name="officialmenu_to_publish",
            )
        ]

    def __str__(self) -> str:
        return f"menu of {self.account_id}"
