"""Moments (客户朋友圈) at WeCom: made as a job, published by each member by hand, or never."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital


class Moment(models.Model):
    """One moment at the provider. What may be in it was decided and approved above this room."""

    class State(models.TextChoices):
        WAITING = "waiting"  # to be made there
        CLAIMED = "claimed"
        MAKING = "making"  # the provider's job goes on
        OPEN = "open"  # members may publish
        STOPPING = "stopping"  # cancelled here, to be cancelled there
        DONE = "done"  # everybody has published
        OVER = "over"  # its days are over, some have not published
        CANCELLED = "cancelled"
        FAILED = "failed"

    UNFINISHED: ClassVar = (State.WAITING, State.CLAIMED, State.MAKING, State.OPEN, State.STOPPING)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # Who asks twice for the same reason gets one moment.
    unique_key = models.CharField(max_length=60)
    text = models.TextField(blank=True)
    # As Attachment has them; files by their SHA-256.
    attachments = models.JSONField(default=list)
    sender_userids = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    job_id = models.CharField(max_length=64, blank=True)
    provider_moment_id = models.CharField(max_length=120, blank=True)
    invalid_userids = models.JSONField(default=list)
    reason_code = models.CharField(max_length=40, blank=True)
    like_count = models.PositiveIntegerField(default=0)
    comment_count = models.PositiveIntegerField(default=0)
    viewer_count = models.PositiveIntegerField(default=0)
    next_step_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hospital", "unique_key"], name="moment_once_per_key")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_step_at"],
                condition=models.Q(state__in=["waiting", "claimed", "making", "open", "stopping"]),
                name="moment_due",
            )
        ]

    def __str__(self) -> str:
        return self.unique_key


class MomentMember(models.Model):
    """One member of staff in a moment: whether they have published it."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    moment = models.ForeignKey(Moment, models.PROTECT, related_name="members")
    staff_userid = models.CharField(max_length=64)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["moment", "staff_userid"], name="momentmember_once_per_member"
            )
        ]

    def __str__(self) -> str:
        return f"{self.moment_id} {self.staff_userid}"
