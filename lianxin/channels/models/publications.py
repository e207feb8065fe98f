"""Reviewed texts as articles of an Official Account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class Publication(models.Model):
    """One version of a reviewed text at one account: asked for once, so it never goes out twice."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DRAFTED = "drafted"
        # The provider is being told; whoever dies here leaves an unknown outcome.
        SUBMITTING = "submitting"
        EXAMINING = "examining"
        PUBLISHED = "published"
        FAILED = "failed"
        REMOVING = "removing"
        REMOVED = "removed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    item_key = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    author = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=300, blank=True)
    content = models.TextField()
    # The stored picture that becomes the cover; empty: the plain one.
    cover_sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    draft_id = models.CharField(max_length=128, blank=True)
    publish_id = models.CharField(max_length=64, blank=True)
    # What the provider's statistics name the article by.
    message_id = models.CharField(max_length=64, blank=True)
    article_id = models.CharField(max_length=128, blank=True)
    url = models.CharField(max_length=1024, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    next_try_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    # How many people read and shared it until `counted_on` was over; null: not told.
    reader_count = models.PositiveIntegerField(null=True)
    sharer_count = models.PositiveIntegerField(null=True)
    counted_on = models.DateField(null=True)
    asked_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "item_key", "number"], name="publication_once_per_version"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "state"], name="publication_by_state"),
            models.Index(fields=["hospital", "item_key"], name="publication_by_item"),
        ]

    def __str__(self) -> str:
        return f"{self.item_key} v{self.number} at {self.account_id}"
