from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from lianxin.channels.models import StaffCall
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.health.rules.alerting import LIVE
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff


class ClinicalRow(models.Model):
    """One reviewed row: a metric, threshold, symptom, text or setting of one hospital.

    Nothing here acts before a named doctor has approved it; a change is a new version.
    """

    class Kind(models.TextChoices):
        METRIC = "metric"
        RULE = "rule"
        SYMPTOM = "symptom"
        TEXT = "text"
        SETTING = "setting"

    class Mark(models.TextChoices):
        FOUND = "found"
        KNOWLEDGE = "knowledge"
        PROPOSAL = "proposal"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    code = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    body = models.JSONField()
    mark = models.CharField(max_length=12, choices=Mark.choices)
    source = models.CharField(max_length=300)
    approved_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "kind", "code", "version"], name="clinicalrow_once_per_version"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="clinicalrow_approved_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class Observation(models.Model):
    """One measurement. Never overwritten: a correction is a new row that names the old one.

    Partitioned by month of `measured_at`; `value`, `value_2`, `value_3` are the metric's fields
    in the order of its definition.
    """

    class State(models.TextChoices):
        FINAL = "final"
        AMENDED = "amended"
        ENTERED_IN_ERROR = "entered_in_error"

    class Entry(models.TextChoices):
        MANUAL = "manual"
        DEVICE = "device"

    pk = models.CompositePrimaryKey("measured_at", "id")
    measured_at = models.DateTimeField()
    id = models.BigIntegerField()
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+", db_constraint=False)
    metric = models.CharField(max_length=20)
    value = models.FloatField()
    value_2 = models.FloatField(null=True)
    value_3 = models.FloatField(null=True)
    slot = models.CharField(max_length=12, blank=True)
    moment = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.FINAL)
    entry = models.CharField(max_length=12, choices=Entry.choices, default=Entry.MANUAL)
    is_insisted = models.BooleanField(default=False)
    replaces_at = models.DateTimeField(null=True)
    replaces_id = models.BigIntegerField(null=True)
    recorded_at = models.DateTimeField()
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)

    class Meta:
        managed = False
        db_table = "health_observation"

    def __str__(self) -> str:
        return f"{self.metric} {self.measured_at:%Y-%m-%d %H:%M}"


class ObservationKey(models.Model):
    """The phone's own key of one entry: what was sent twice is kept once."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    client_key = models.CharField(max_length=40)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    measured_at = models.DateTimeField()
    observation_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "client_key"], name="observationkey_once_per_hospital"
            )
        ]

    def __str__(self) -> str:
        return self.client_key


class HealthProfile(models.Model):
    """What the rules may know about one patient. `flags` null means that nobody has said."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    patient = models.OneToOneField(Patient, models.PROTECT, related_name="+")
    flags = models.JSONField(null=True)
    planned_from_on = models.DateField(null=True)
    last_measured_at = models.DateTimeField(null=True)
    set_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "last_measured_at"],
                condition=Q(planned_from_on__isnull=False),
                name="healthprofile_planned",
            )
        ]

    def __str__(self) -> str:
        return f"patient:{self.patient_id}"


class ThresholdOverride(models.Model):
    """A doctor's own limit for one patient; it ends by itself."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    rule_code = models.CharField(max_length=20)
    limits = models.JSONField()
    doctor = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    reason_code = models.CharField(max_length=40)
    valid_until = models.DateField()
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["patient", "rule_code"], name="override_once_per_rule")
        ]

    def __str__(self) -> str:
        return f"{self.rule_code} patient:{self.patient_id}"


class AlertQuerySet(models.QuerySet["Alert"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def live(self) -> Self:
        return self.filter(state__in=LIVE)


class Alert(models.Model):
    """Something that a named person must look at, by when, and what became of it."""

    class State(models.TextChoices):
        AWAITING_SECOND = "awaiting_second"
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        CLOSED = "closed"

    class Level(models.TextChoices):
        RED = "red"
        ORANGE = "orange"
        YELLOW = "yellow"
        BLUE = "blue"

    class Outcome(models.TextChoices):
        EMERGENCY = "emergency"
        VISIT = "visit"
        PHONED = "phoned"
        WATCHED = "watched"
        NOT_REACHED = "not_reached"
        SECOND_UNDER = "second_under"
        WITHDRAWN = "withdrawn"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    metric = models.CharField(max_length=20)
    family = models.CharField(max_length=40)
    rule_code = models.CharField(max_length=20)
    rule_version = models.PositiveIntegerField()
    level = models.CharField(max_length=8, choices=Level.choices)
    state = models.CharField(max_length=20, choices=State.choices)
    readings = models.JSONField(default=list)
    symptom_group = models.CharField(max_length=20, blank=True)
    symptoms = models.JSONField(null=True)
    call_120 = models.BooleanField(default=False)
    raised_at = models.DateTimeField()
    confirm_due_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    escalation_rank = models.PositiveSmallIntegerField(default=0)
    notice_count = models.PositiveSmallIntegerField(default=0)
    owner = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    note_sealed = models.BinaryField(default=bytes)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["patient", "family"],
                condition=~Q(state="closed"),
                name="alert_one_live_per_patient_and_family",
            ),
            models.CheckConstraint(
                condition=~Q(state="awaiting_second") | Q(confirm_due_at__isnull=False),
                name="alert_awaiting_has_a_due_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(deadline_at__isnull=False),
                name="alert_open_has_a_deadline",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | ~Q(outcome=""), name="alert_closed_has_an_outcome"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "confirm_due_at"],
                condition=Q(state="awaiting_second"),
                name="alert_to_confirm",
            ),
            models.Index(
                fields=["hospital", "deadline_at"], condition=Q(state="open"), name="alert_due"
            ),
            models.Index(
                fields=["hospital", "state", "level", "deadline_at"],
                condition=~Q(state="closed"),
                name="alert_live",
            ),
            models.Index(fields=["patient", "-raised_at"], name="alert_by_patient"),
            models.Index(fields=["hospital", "-raised_at"], name="alert_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_code} {self.level} {self.state}"

    @property
    def is_awaiting(self) -> bool:
        return self.state == self.State.AWAITING_SECOND

    @property
    def first_reading(self) -> dict[str, Any] | None:
        return self.readings[0] if self.readings else None

    @property
    def last_reading(self) -> dict[str, Any] | None:
        return self.readings[-1] if self.readings else None

    @property
    def due_at(self) -> datetime | None:
        """Say when the next thing happens by itself: confirmation, or the next on the line."""
        return self.confirm_due_at if self.is_awaiting else self.deadline_at


class AlertCall(models.Model):
    """One step of ringing about an alert: the number of the step is given once."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="calls")
    number = models.PositiveSmallIntegerField()
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    call = models.OneToOneField(StaffCall, models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    # Key 1 took the alert, by the same action as the page.
    is_taken = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "number"], name="alertcall_once_per_step")
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.number}"


class Medication(models.Model):
    """What a clinician entered from the patient's own prescription; the name is sealed."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    name_sealed = models.BinaryField(default=bytes)
    slots = models.JSONField(default=list)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    entered_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["patient", "starts_on"], name="medication_by_patient")
        ]

    def __str__(self) -> str:
        return self.key


class DoseTick(models.Model):
    """One planned dose of one day: taken, or said not to be. Not ticked means not known."""

    class State(models.TextChoices):
        TAKEN = "taken"
        SKIPPED = "skipped"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    medication = models.ForeignKey(Medication, models.PROTECT, related_name="ticks")
    on = models.DateField()
    slot = models.CharField(max_length=12)
    state = models.CharField(max_length=8, choices=State.choices)
    at = models.DateTimeField()
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["medication", "on", "slot"], name="dosetick_once")
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "on"], name="dosetick_by_patient")]

    def __str__(self) -> str:
        return f"{self.medication_id} {self.on} {self.slot} {self.state}"
