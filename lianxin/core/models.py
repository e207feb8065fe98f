"""Hospital, the journal, the access log and the wrapped keys."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.core import lookups as lookups
from lianxin.core.ids import KeyField


class Hospital(models.Model):
    """One institution: the tenant that every other row belongs to."""

    row_security_exempt: ClassVar[str] = "the tenant itself; its row holds nothing personal"

    key = KeyField()
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, default="Asia/Shanghai")
    default_language = models.CharField(max_length=16, default="zh-hans")
    phone = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    settings = models.JSONField(default=dict, blank=True)
    # Tink keysets, encrypted by the deployment's keyset (LIANXIN_KEYSET).
    keyset_wrapped = models.BinaryField(null=True)
    blind_keyset_wrapped = models.BinaryField(null=True)
    keyset_version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """One line of the journal: something happened. Written once, never changed.

    Partitioned by month of `at`. `data` holds ids and codes, nothing personal. The actor is a
    kind and an id without a foreign key, so that no erasure has to touch the journal.
    """

    pk = models.CompositePrimaryKey("at", "id")
    at = models.DateTimeField()
    id = models.BigIntegerField()
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=40)
    subject_id = models.BigIntegerField(null=True)
    patient_id = models.BigIntegerField(null=True)
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "core_event"

    def __str__(self) -> str:
        return f"{self.name} {self.subject}:{self.subject_id}"


class AccessEntry(models.Model):
    """One look of one person at one patient, or one refused attempt. Never changed.

    Partitioned by month of `at`.
    """

    class Outcome(models.TextChoices):
        SEEN = "seen"
        REFUSED = "refused"

    pk = models.CompositePrimaryKey("at", "id")
    at = models.DateTimeField()
    id = models.BigIntegerField()
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    patient_id = models.BigIntegerField(null=True)
    page = models.CharField(max_length=80)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.SEEN)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        managed = False
        db_table = "core_accessentry"

    def __str__(self) -> str:
        return f"{self.by_kind}:{self.by_id} {self.outcome} {self.page}"


class DataKey(models.Model):
    """The key of one subject and retention class, wrapped by the hospital's keyset.

    Destroying it (wrapped set to null) is the erasure of everything it covers, also of rows
    that may not be changed and of backups made before.
    """

    class Retention(models.TextChoices):
        ENGAGEMENT = "engagement"  # ends with the relationship
        RECORD = "record"  # the law keeps it for a term

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    subject = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    retention = models.CharField(max_length=20, choices=Retention.choices)
    wrapped = models.BinaryField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "subject", "subject_id", "retention"],
                name="datakey_once_per_subject_and_retention",
            ),
            models.CheckConstraint(
                condition=models.Q(wrapped=None, destroyed_at__isnull=False)
                | models.Q(wrapped__isnull=False, destroyed_at=None),
                name="datakey_wrapped_or_destroyed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}:{self.subject_id} {self.retention}"
