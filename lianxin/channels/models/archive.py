"""The chat archive: whether it is on, who agreed to it, and what was said by those who did."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import Relation
from lianxin.channels.models.groups import KeptAtProvider
from lianxin.core.models import Hospital

PURPOSE_CHARACTERS = 300


class Archive(KeptAtProvider):
    """The archive of one account: off until somebody switches it on, and how far it was read.

    `next_try_at` is when it is read again, `failure_code` why the last reading stopped.
    """

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    is_on = models.BooleanField(default=False)
    # Counts the changes of the settings, so that nobody overwrites what they have not seen.
    revision = models.PositiveIntegerField(default=1)
    # The archive has a secret of its own at the provider: another one than the app's.
    secret_sealed = models.BinaryField(default=b"")
    # What the hospital reads it for, as it stands on the pages.
    purpose = models.CharField(max_length=PURPOSE_CHARACTERS, blank=True)
    keep_days = models.PositiveSmallIntegerField(default=180)
    # The provider's number of the last record that was read.
    seq = models.BigIntegerField(default=0)
    # Everything up to here was read. What is older than the provider keeps and later than this
    # is lost, and said to be lost.
    read_until = models.DateTimeField(null=True)
    lost_from = models.DateTimeField(null=True)
    lost_until = models.DateTimeField(null=True)
    # The version of the key that the next record is sealed to and that is not here.
    missing_version = models.PositiveIntegerField(null=True)
    # Whose talks the provider archives, as its own list says.
    permitted_userids = models.JSONField(default=list, blank=True)
    permitted_at = models.DateTimeField(null=True)
    check_requested_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # What the last check found out: code, state, reason and facts of each question.
    findings = models.JSONField(default=list, blank=True)
    # Somebody chose to delete what was kept: shown to nobody from then on, deleted by the job.
    erase_requested_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.account_id} {self.seq}"


class ArchiveKey(models.Model):
    """One pair of keys: the public half is pasted at the provider, the private one is sealed."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # As the provider's console numbers it; each record names the version it is sealed to.
    version = models.PositiveIntegerField()
    public_key = models.TextField()
    private_sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "version"], name="archivekey_once")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.version}"


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
    """One message between a member and a contact who agreed. A recalled one keeps no text."""

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
            models.Index(fields=["relation", "sent_at"], name="archivedmessage_by_relation"),
            models.Index(fields=["account", "sent_at"], name="archivedmessage_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.pk}"
