"""Live codes, who answers behind them, and the versions of both."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.pictures import Pictured
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import CareTeam, Department, Staff


class LiveCode(Pictured):
    """A QR code and what is behind it: who answers, which tags, which journey, which welcome."""

    class State(models.TextChoices):
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    # What the provider carries in `state`: at most 30 characters, so a key and not a payload.
    state_key = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120)
    # Customer service: what sort of place its link stands in (`scene`).
    place = models.CharField(max_length=32, blank=True)
    # Neutral words only: a disease never becomes a tag before verification and consent.
    tag_names = models.JSONField(default=list, blank=True)
    journey_key = models.CharField(max_length=60, blank=True)
    welcome_text = models.TextField(blank=True)
    # What goes along with `welcome_text`, in this order, as Attachment has it.
    welcome_attachments = models.JSONField(default=list, blank=True)
    # Welcomes for certain hours or people, in their order; `welcome_text` is for everybody else.
    welcomes = models.JSONField(default=list, blank=True)
    welcome_link_path = models.CharField(max_length=300, blank=True)
    config_id = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.MAKING)
    failure_code = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    # The hospital's one code that is always there: where posts lead whose time is over.
    is_standing = models.BooleanField(default=False)
    # A temporary way (`is_temp`): until when it answers, and what ends its talks. Null: permanent.
    ends_at = models.DateTimeField(null=True)
    closing_text = models.TextField(blank=True)
    # The number of the version that holds now; two people who edit at once meet here.
    revision = models.PositiveIntegerField(default=1)
    # Whether a scan adds at once (`skip_verify`), or the member confirms first.
    adds_at_once = models.BooleanField(default=True)
    # Made for one person (`type` 1): the provider lets such a way never have two.
    is_single = models.BooleanField(default=False)
    # What the provider last confirmed: userids, remark, state, skip_verify.
    confirmed = models.JSONField(default=dict, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    # When the provider's own truth was last read.
    read_at = models.DateTimeField(null=True)
    # The worker that took the lease talks to the provider; a dead one's lease runs out.
    leased_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    # When the provider was first asked to make it, while nobody knows whether it did.
    asked_at = models.DateTimeField(null=True)
    # What the last reading found: "", "drifted" (changed there), "lost" (deleted there).
    finding = models.CharField(max_length=12, blank=True)
    found_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital"],
                condition=models.Q(is_standing=True),
                name="livecode_one_standing",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["hospital", "name"], name="livecode_by_name")]

    def __str__(self) -> str:
        return self.name


class CodeMember(models.Model):
    """One person behind a live code: when they answer, and how many new contacts a day."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    live_code = models.ForeignKey(LiveCode, models.PROTECT, related_name="members")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    # [weekday (Monday 0), from, to] in minutes after midnight of the hospital; none: always.
    hours = models.JSONField(default=list, blank=True)
    # 0: as many as come.
    daily_cap = models.PositiveIntegerField(default=0)
    is_fallback = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["live_code", "staff"], name="codemember_once_per_code")
        ]

    def __str__(self) -> str:
        return f"{self.live_code_id} {self.staff_id}"


class LiveCodeVersion(models.Model):
    """One version of a live code, whole, as somebody left it. Written once."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    live_code = models.ForeignKey(LiveCode, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    # Null: the system.
    changed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["live_code", "number"], name="livecodeversion_once_per_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.live_code_id} v{self.number}"
