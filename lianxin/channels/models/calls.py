"""Telephone calls to staff: one row for each, whatever became of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class StaffCall(models.Model):
    """One call to one member of staff. What is said is the provider's approved text, always."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        RINGING = "ringing"
        ANSWERED = "answered"
        NO_ANSWER = "no_answer"
        BUSY = "busy"
        FAILED = "failed"
        # Asked for, and nobody knows whether it rang: not repeated.
        UNKNOWN = "unknown"
        CANCELLED = "cancelled"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    dedupe_key = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    reason_code = models.CharField(max_length=40, blank=True)
    provider_call_id = models.CharField(max_length=120, blank=True)
    pressed = models.CharField(max_length=4, blank=True)
    pressed_at = models.DateTimeField(null=True)
    # Started minutes as the provider bills them; null while it has said nothing.
    billed_minutes = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "dedupe_key"], name="staffcall_once_per_key"
            ),
            models.UniqueConstraint(
                fields=["account", "provider_call_id"],
                condition=~models.Q(provider_call_id=""),
                name="staffcall_once_per_provider_id",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_attempt_at"],
                condition=models.Q(state__in=["waiting", "claimed", "ringing"]),
                name="staffcall_due",
            ),
            models.Index(fields=["staff", "-created_at"], name="staffcall_by_staff"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.dedupe_key} {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state not in {self.State.WAITING, self.State.CLAIMED, self.State.RINGING}
