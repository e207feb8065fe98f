from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder, Patient


class Consent(models.Model):
    """One answer to one question. Rows are only added; the last one counts.

    `text_hash` proves which words were shown.
    """

    class Decision(models.TextChoices):
        GRANTED = "granted"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    class Source(models.TextChoices):
        PHONE = "phone"  # the person tapped
        PAPER = "paper"  # a signed sheet, typed in by staff
        SPOKEN = "spoken"  # said to staff at the bed or by phone
        MERGE = "merge"  # said in another row of the same person

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(max_length=40)
    decision = models.CharField(max_length=12, choices=Decision.choices)
    text_version = models.PositiveIntegerField()
    text_hash = models.BinaryField()
    language = models.CharField(max_length=16)
    source = models.CharField(max_length=8, choices=Source.choices)
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["patient", "purpose", "-at", "-id"], name="consent_by_patient")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(by_kind="holder", source="phone") | ~Q(source="phone"),
                name="consent_phone_means_holder",
            )
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.purpose} {self.decision}"


class Erasure(models.Model):
    """That a patient was forgotten: by whom, why, and how many values were cleared."""

    class Reason(models.TextChoices):
        PATIENT_ASKED = "patient_asked"
        GUARDIAN_ASKED = "guardian_asked"
        CONSENT_WITHDRAWN = "consent_withdrawn"
        ENTERED_BY_MISTAKE = "entered_by_mistake"
        TERM_ENDED = "term_ended"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    patient = models.OneToOneField(Patient, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    outcome = models.CharField(max_length=12, choices=Patient.State.choices)
    cleared = models.JSONField(default=dict)
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.patient_id} {self.outcome}"
