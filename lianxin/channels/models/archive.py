"""The chat archive: whether it is on, who agreed to it, and what was said by those who did."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import Relation
from lianxin.core.models import Hospital


class Archive(models.Model):
    """The archive of one account: off until somebody switches it on, and how far it was read."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    is_on = models.BooleanField(default=False)
    # The provider's number of the last record that was read.
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account_id} {self.seq}"


class ArchiveConsent(models.Model):
    """What one contact answered for one member. No row: not asked, as far as we know."""

    class State(models.TextChoices):
        AGREED = "agreed"
        REFUSED = "refused"
        # The provider takes silence for a yes here; we do not.
        ASSUMED = "assumed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    relation = models.OneToOneField(Relation, models.PROTECT, related_name="archive_consent")
    state = models.CharField(max_length=12, choices=State.choices)
    # When it was answered, by the provider's clock: nothing from before is kept.
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.relation_id} {self.state}"


class ArchivedMessage(models.Model):
    """One message between a member and a contact who agreed. Recalled ones are not shown."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    relation = models.ForeignKey(Relation, models.PROTECT, related_name="+")
    message_id = models.CharField(max_length=128)
    body_sealed = models.BinaryField()
    is_from_staff = models.BooleanField()
    sent_at = models.DateTimeField()
    recalled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "message_id"], name="archivedmessage_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["relation", "sent_at"], name="archivedmessage_by_relation")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.pk}"
