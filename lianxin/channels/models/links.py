"""Acquisition links beside live codes, the places they are put, and the quota that pays."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.groups import KeptAtProvider
from lianxin.channels.models.live_codes import LiveCode
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital

PLACE_CHARACTERS = 30


class AcquisitionLink(KeptAtProvider):
    """A live code as an address: the same people answer, the same welcome follows."""

    class State(models.TextChoices):
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    live_code = models.OneToOneField(LiveCode, models.PROTECT, related_name="+")
    # Ends the name at the provider, so that a link made without an answer is found again.
    key = KeyField()
    # Whether there is to be one; a closed code has none either.
    is_wanted = models.BooleanField(default=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.MAKING)
    link_id = models.CharField(max_length=120, blank=True)
    url = models.CharField(max_length=600, blank=True)
    # What the provider last confirmed: name, userids, departments, skip_verify.
    confirmed = models.JSONField(default=dict, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    # When the provider was first asked to make it, while nobody knows whether it did.
    asked_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    # What was found there: "", "drifted" (changed), "lost" (deleted), "unavailable".
    finding = models.CharField(max_length=12, blank=True)
    found_at = models.DateTimeField(null=True)
    # The provider's own count of people in the last days; null: not told.
    opened_count = models.PositiveIntegerField(null=True)
    added_count = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "link_id"], name="acquisitionlink_by_id")
        ]

    def __str__(self) -> str:
        return f"link of {self.live_code_id}"


class LinkPlace(models.Model):
    """Where a link is put: a text message, an article, a poster. Its key is the channel."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    link = models.ForeignKey(AcquisitionLink, models.PROTECT, related_name="places")
    key = KeyField()
    name = models.CharField(max_length=PLACE_CHARACTERS)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["link", "name"], name="linkplace_once_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class LinkQuota(KeptAtProvider):
    """The paid quota of one account: one of it goes with each person who adds by a link."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    total = models.PositiveIntegerField(default=0)
    balance = models.PositiveIntegerField(default=0)
    # [when it lapses (unix), how much of it is left]
    packs = models.JSONField(default=list, blank=True)
    # Null: nobody has read it yet.
    read_at = models.DateTimeField(null=True)
    # Something happened to it since.
    is_asked_for = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"quota of {self.account_id}"
