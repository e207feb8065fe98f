"""One handover, and one line for each contact in it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models import WORDS_CHARACTERS, MemberLeave, Relation, Transfer
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class Handover(models.Model):
    """That one person's contacts and work become other people's."""

    class Kind(models.TextChoices):
        LEAVING = "leaving"
        ON_JOB = "on_job"

    class State(models.TextChoices):
        OPEN = "open"  # takers are looked for, nothing was asked of WeCom
        MOVING = "moving"
        DONE = "done"
        CANCELLED = "cancelled"

    RUNNING: ClassVar = (State.OPEN, State.MOVING)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    # What made us think that they left; null: an administrator opened it.
    leave = models.ForeignKey(MemberLeave, models.PROTECT, null=True, related_name="+")
    # Who takes everything that is no contact of WeCom.
    main_taker = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    words = models.CharField(max_length=WORDS_CHARACTERS, blank=True)
    # How much of each kind of work was moved, by its code.
    moved = models.JSONField(default=dict, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["staff"],
                condition=models.Q(state__in=["open", "moving"]),
                name="handover_once_while_running",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "-opened_at"], name="handover_by_newest")
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_running(self) -> bool:
        return self.state in self.RUNNING

    @property
    def is_leaving(self) -> bool:
        return self.kind == self.Kind.LEAVING


class HandoverLine(models.Model):
    """One contact: who is to take over, and the transfer at the provider once it is asked for."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    handover = models.ForeignKey(Handover, models.PROTECT, related_name="lines")
    relation = models.ForeignKey(Relation, models.PROTECT, related_name="+")
    taker = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    transfer = models.ForeignKey(Transfer, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["handover", "relation"], name="handoverline_once_per_relation"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["transfer"], name="handoverline_by_transfer")]

    def __str__(self) -> str:
        return f"{self.handover_id} {self.relation_id}"
