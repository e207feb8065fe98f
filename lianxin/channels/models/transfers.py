"""Contacts on their way from one member to another, and members who have left."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import Address
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff

# The provider allows two hundred; they go along once the contact has moved.
WORDS_CHARACTERS = 200


class Transfer(models.Model):
    """One contact being moved at the provider, from one member to another."""

    class State(models.TextChoices):
        PLANNED = "planned"
        WAITING = "waiting"  # the provider has begun: done after a day unless refused
        DONE = "done"
        REFUSED = "refused"
        FULL = "full"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OPEN: ClassVar = (State.PLANNED, State.WAITING)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, related_name="+")
    from_userid = models.CharField(max_length=64)
    to_userid = models.CharField(max_length=64)
    to_staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    # Of somebody who left: other calls, and no words go along.
    is_resigned = models.BooleanField()
    words = models.CharField(max_length=WORDS_CHARACTERS, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    reason_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    # When the provider was first asked; it may have begun although nobody heard the answer.
    asked_at = models.DateTimeField(null=True)
    # The worker that took the lease asks; a dead one's lease runs out.
    leased_until = models.DateTimeField(null=True)
    # When it is asked for, or asked about, next.
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "from_userid"],
                condition=models.Q(state__in=["planned", "waiting"]),
                name="transfer_once_while_open",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "due_at"],
                condition=models.Q(state__in=["planned", "waiting"]),
                name="transfer_due",
            ),
            models.Index(fields=["hospital", "from_userid"], name="transfer_by_member"),
        ]

    def __str__(self) -> str:
        return f"{self.address_id} {self.from_userid} {self.to_userid}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class MemberLeave(models.Model):
    """That a member of an account has gone, and how we know. Ended when they came back."""

    class Source(models.TextChoices):
        UNSUBSCRIBE = "unsubscribe"  # left, disabled, or out of the app's sight
        DELETED = "deleted"
        UNASSIGNED = "unassigned"  # the provider lists their contacts as nobody's
        STAFF = "staff"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    staff_userid = models.CharField(max_length=64)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=12, choices=Source.choices)
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "staff_userid"],
                condition=models.Q(ended_at=None),
                name="memberleave_once_while_gone",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.staff_userid}"
