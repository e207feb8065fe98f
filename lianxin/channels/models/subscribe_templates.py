"""Templates of subscribe notices, as an Official Account has them at the platform."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital


class SubscribeTemplate(models.Model):
    """One template of subscribe notices: read from the platform, given its uses by the operator."""

    class Kind(models.TextChoices):
        # Each yes of a person is good for one notice.
        ONE_TIME = "one_time"
        # One yes is good until it is taken back; open to medical care.
        LONG_TERM = "long_term"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    template_id = models.CharField(max_length=64)
    title = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # The names in its text, in their order: thing1, time2 …
    keys = models.JSONField(default=list)
    # Which kinds of message it is for; none: it is not used.
    uses = models.JSONField(default=list, blank=True)
    # False: the platform's list has it no more.
    is_listed = models.BooleanField(default=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "template_id"], name="subscribetemplate_once_per_account"
            )
        ]

    def __str__(self) -> str:
        return self.title
