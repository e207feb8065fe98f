"""Posts on public platforms: the link that leads from each into a live code, and its visits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.live_codes import LiveCode
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import Department, Staff


class Campaign(models.Model):
    """One post, or a series of them, on one platform. Somebody posts it by hand."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    platform = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    live_code = models.ForeignKey(LiveCode, models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    # Two people who change it at once meet here.
    revision = models.PositiveIntegerField(default=1)
    # Since when its landing page leads on to the hospital's standing code.
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_start",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["live_code"], name="campaign_by_code")]

    def __str__(self) -> str:
        return self.title


class CampaignAddress(models.Model):
    """Which hospital a landing page's key belongs to. Holds nothing else."""

    row_security_exempt: ClassVar[str] = "a stranger opens the page before the hospital is known"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    campaign_key = models.CharField(max_length=12, unique=True)

    def __str__(self) -> str:
        return self.campaign_key


class CampaignVisits(models.Model):
    """How often a landing page was opened on one day. Nobody is told apart."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="visits")
    on = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "on"], name="visits_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.on} {self.count}"
