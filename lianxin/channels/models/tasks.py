"""What members confirm on their phones, and what they are told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class MemberTask(models.Model):
    """A task made at WeCom that a member must confirm; polled until everyone is settled."""

    class State(models.TextChoices):
        OPEN = "open"
        SETTLED = "settled"
        EXPIRED = "expired"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    provider_message_id = models.CharField(max_length=120)
    staff_userid = models.CharField(max_length=64)
    people_count = models.PositiveIntegerField()
    settled_count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()
    next_poll_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "provider_message_id"], name="membertask_once_per_message"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_poll_at"],
                condition=models.Q(state="open"),
                name="membertask_due",
            )
        ]

    def __str__(self) -> str:
        return self.provider_message_id


class StaffNotice(models.Model):
    """An app message to one member of staff. Holds no patient's name: the link leads there."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=300)
    dedupe_key = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    reason_code = models.CharField(max_length=40, blank=True)
    provider_message_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "staff", "dedupe_key"], name="staffnotice_once_per_key"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_attempt_at"],
                condition=models.Q(state__in=["waiting", "claimed"]),
                name="staffnotice_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.dedupe_key}"
