"""Staff tasks and every attempt made at them."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.patients.models import Patient
from lianxin.staff.models import CareTeam, Staff


class StaffTaskQuerySet(models.QuerySet["StaffTask"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def open(self) -> Self:
        return self.filter(state=StaffTask.State.OPEN)


class StaffTask(models.Model):
    """One thing that a person must do for a patient, with a deadline and an outcome."""

    class Kind(models.TextChoices):
        CALL = "call"
        HUMAN_FOLLOW_UP = "human_follow_up"
        VERIFY = "verify"
        CHECK = "check"

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        CANCELLED = "cancelled"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    assignee = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, null=True, related_name="+")
    # Why: a code of data/reasons.yaml, never free text about the patient.
    reason_code = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    unique_key = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=40, blank=True)
    note_sealed = models.BinaryField(default=b"")
    attempt_count = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")

    objects = StaffTaskQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hospital", "unique_key"], name="task_once_per_key"),
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(outcome=""), name="task_done_has_outcome"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "due_at"], condition=Q(state="open"), name="task_open_by_due"
            ),
            models.Index(fields=["patient", "-id"], name="task_by_patient"),
            models.Index(fields=["hospital", "state", "-closed_at"], name="task_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reason_code}"


class TaskAttempt(models.Model):
    """One try at a task that did not close it: nobody answered, asked to call back."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    task = models.ForeignKey(StaffTask, models.PROTECT, related_name="attempts")
    outcome = models.CharField(max_length=40)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    next_due_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["task", "at"], name="attempt_by_task")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.outcome}"
