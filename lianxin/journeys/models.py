from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from lianxin.channels.models import Account
from lianxin.content.models import Item
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.journeys.rules import moments
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff


class JourneyQuerySet(models.QuerySet["Journey"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)


class Journey(models.Model):
    """An SOP of this hospital. `code` is what live codes and definitions call it."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    live = models.ForeignKey("JourneyVersion", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = JourneyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "code"], name="journey_code_once_per_hospital"
            )
        ]

    def __str__(self) -> str:
        return self.code

    def name_in(self, language: str) -> str:
        return self.name_en if language == "en" and self.name_en else self.name


class JourneyVersion(models.Model):
    """One definition. Once approved it never changes; whoever started on it stays on it."""

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        LIVE = "live"
        RETIRED = "retired"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    # Names the schedule alone: equal tokens mean that nobody's dates differ.
    timing_token = models.CharField(max_length=16)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    made_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    live_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["journey", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["journey"], condition=Q(state="live"), name="version_live_once"
            ),
            models.UniqueConstraint(
                fields=["journey"], condition=Q(state="draft"), name="version_draft_once"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(approved_by__isnull=False),
                name="version_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(made_by=None) | ~Q(approved_by=F("made_by")),
                name="version_not_approved_by_its_maker",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id} v{self.number}"


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def running(self) -> Self:
        return self.filter(state__in=Enrolment.RUNNING)


class Enrolment(models.Model):
    """One patient on one version of a journey, counted from her own day 0."""

    class State(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        STOPPED = "stopped"
        FINISHED = "finished"

    RUNNING: ClassVar = (State.ACTIVE, State.PAUSED)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, models.PROTECT, related_name="+")
    version = models.ForeignKey(JourneyVersion, models.PROTECT, related_name="+")
    anchor_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    # Rows of an older schedule carry a smaller number and do nothing.
    revision = models.PositiveIntegerField(default=1)
    planned_until = models.DateField()
    enrolled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=40, blank=True)
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["patient", "journey"],
                condition=Q(state__in=("active", "paused")),
                name="enrolment_running_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("active", "paused"), ended_at=None)
                | Q(state__in=("stopped", "finished"), ended_at__isnull=False),
                name="enrolment_ended_has_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "planned_until"],
                condition=Q(state="active"),
                name="enrolment_to_plan",
            ),
            models.Index(fields=["journey", "state", "-id"], name="enrolment_by_journey"),
            models.Index(fields=["patient", "state"], name="enrolment_by_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} on {self.journey_id}"


class DueStep(models.Model):
    """One step of one patient on one day. The unique key is why nothing happens twice."""

    class State(models.TextChoices):
        DUE = "due"
        HELD = "held"  # its enrolment is paused
        DONE = "done"
        MISSED = "missed"
        SKIPPED = "skipped"
        CANCELLED = "cancelled"
        FAILED = "failed"  # for good; staff can replay it

    OPEN: ClassVar = (State.DUE, State.HELD)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    step_key = models.CharField(max_length=40)
    occurrence_on = models.DateField()
    revision = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    window_ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    reason = models.CharField(max_length=40, blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrolment", "step_key", "occurrence_on"], name="duestep_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("due", "held", "done")) | ~Q(reason=""),
                name="duestep_ends_with_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "due_at", "id"], condition=Q(state="due"), name="duestep_due"
            ),
            models.Index(
                fields=["patient"], condition=Q(state__in=("due", "held")), name="duestep_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step_key} {self.occurrence_on} {self.state}"


class MomentDraft(models.Model):
    """A moment (客户朋友圈) as it is written and approved here; made at WeCom once approved."""

    class State(models.TextChoices):
        DRAFT = moments.DRAFT
        APPROVED = moments.APPROVED
        WITHDRAWN = moments.WITHDRAWN

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    # What its link leads to: only what was reviewed and published here.
    item = models.ForeignKey(Item, models.PROTECT, null=True, related_name="+")
    # A stored picture, by its SHA-256: the picture itself, or the cover of the link.
    picture = models.CharField(max_length=64, blank=True)
    # All its pictures or its video in their order, as Attachment has them; empty: `picture` alone.
    files = models.JSONField(default=list, blank=True)
    sender_ids = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    made_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("made_by"))),
                name="momentdraft_approved_by_another",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "-created_at"], name="momentdraft_newest")
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def order_key(self) -> str:
        """Under which key the room of channels knows the moment."""
        return f"journeys:{self.key}"
