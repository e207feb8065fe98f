"""Files of the hospital that go along with messages, and their ids at the providers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class MediaFile(models.Model):
    """A picture or file that staff chose; nobody's personal data. Stored once per hospital."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=8)
    content_type = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    stored_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "sha256"], name="mediafile_once_per_hospital"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:8]}"


class Media(models.Model):
    """The id that a provider gave for a file and a use; good until `expires_at`."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    use = models.CharField(max_length=8)
    # An id, or for pictures with a lasting address that address.
    # Empty: there was never one, and `reason_code` says why.
    media_id = models.CharField(max_length=512, blank=True)
    uploaded_at = models.DateTimeField()
    # Empty: it lasts.
    expires_at = models.DateTimeField(null=True)
    # Why the last upload failed, and when the next may be tried.
    reason_code = models.CharField(max_length=40, blank=True)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "sha256", "use"], name="media_once_per_account_and_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.use} {self.sha256[:8]}"
