"""Runs over the provider's lists of contacts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class ContactSync(models.Model):
    """One comparison with everything the provider lists, and how far it is.

    The members are taken in batches, the contacts of a batch in pages. Where it stands and what
    a page changed are stored together, so that it goes on after the last stored page.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"
        FAILED = "failed"

    OPEN: ClassVar = (State.WAITING, State.RUNNING)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    # Null: the system, as often as the setting says.
    requested_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    # The members' userids, as they were listed when it began.
    members = models.JSONField(default=list, blank=True)
    # Members whose contacts were compared completely: where the present batch begins.
    members_done_count = models.PositiveIntegerField(default=0)
    # The provider's cursor inside the batch; empty: its first page.
    cursor = models.TextField(blank=True)
    # All pages of the batch are in; what the provider no longer lists is being ended.
    is_ending = models.BooleanField(default=False)
    batch_started_at = models.DateTimeField(null=True)
    seen_count = models.PositiveIntegerField(default=0)
    added_count = models.PositiveIntegerField(default=0)
    ended_count = models.PositiveIntegerField(default=0)
    # Members whose contacts the provider does not give, because they have no interface licence.
    unlicensed = models.JSONField(default=list, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    # The worker that took the lease fetches pages; a dead one's lease runs out.
    leased_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="contactsync_one_at_a_time",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-created_at"], name="contactsync_by_account")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def member_count(self) -> int:
        return len(self.members)
