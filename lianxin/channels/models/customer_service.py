"""WeChat customer service: who serves an account, and the changes of sessions asked for here."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import Address
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class Servicer(models.Model):
    """One member who serves an account: as we want it, and as the provider last said."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    userid = models.CharField(max_length=64)
    is_wanted = models.BooleanField(default=True)
    is_listed = models.BooleanField(default=False)
    is_paused = models.BooleanField(default=False)
    # Why the provider did not take the change; it is tried again at `next_try_at`.
    failure_code = models.CharField(max_length=40, blank=True)
    next_try_at = models.DateTimeField(null=True)
    # The worker that tells the provider holds it.
    leased_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "userid"], name="servicer_once_per_account")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_try_at"],
                condition=~Q(is_wanted=models.F("is_listed")),
                name="servicer_to_tell",
            )
        ]

    def __str__(self) -> str:
        return self.key


class SessionRequest(models.Model):
    """A change of one session that a member of staff asked for here."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        DONE = "done"
        FAILED = "failed"

    OPEN: ClassVar = (State.WAITING, State.CLAIMED)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, related_name="+")
    # 2 the queue of the client, 3 a servicer, 4 the end (document 94669).
    target = models.PositiveSmallIntegerField()
    servicer_userid = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    failure_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address"],
                condition=Q(state__in=["waiting", "claimed"]),
                name="sessionrequest_one_open_per_address",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["address", "-created_at"], name="sessionrequest_by_address")
        ]

    def __str__(self) -> str:
        return f"session request {self.pk}"
