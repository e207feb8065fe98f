"""Who came by which live code, and until when: what the counts of a code are made of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.addresses import Address
from lianxin.channels.models.live_codes import LiveCode
from lianxin.core.models import Hospital


class Stay(models.Model):
    """One time somebody came by a live code, until they left. Who comes again has another.

    A relation and an address know only how things stand now; this is what they forget.
    """

    class End(models.TextChoices):
        BY_PATIENT = "by_patient"
        BY_STAFF = "by_staff"
        TRANSFERRED = "transferred"
        UNLISTED = "unlisted"
        ERASED = "erased"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, related_name="stays")
    # WeCom: the member they came to. Empty where one follows the account itself.
    staff_userid = models.CharField(max_length=64, blank=True)
    live_code = models.ForeignKey(LiveCode, models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # No choices: a provider may name an end that nobody knows yet.
    ended_by = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "staff_userid"],
                condition=models.Q(ended_at=None),
                name="stay_one_at_a_time",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["live_code", "began_at"], name="stay_by_code")]

    def __str__(self) -> str:
        return f"{self.address_id} {self.staff_userid} {self.began_at:%Y-%m-%d}"
