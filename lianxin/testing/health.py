from __future__ import annotations

from datetime import date, datetime, timedelta

from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.health import actions
from lianxin.health.actions import Recorded
from lianxin.health.models import Medication
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.compliance import grant
from lianxin.testing.patients import make_holder, make_holding, make_patient
from lianxin.testing.staff import make_staff


def approve_rows(hospital: Hospital, doctor: Staff) -> None:
    """Load the shipped clinical rows, approved by this doctor."""
    with scope(hospital):
        actions.load_clinical_rows(hospital, by=doctor)


def make_measuring_patient(hospital: Hospital, **facts: object) -> tuple[Patient, Holder]:
    """Make a patient who holds her own phone, is verified and lets health data be kept."""
    patient = make_patient(hospital, **facts)
    holder = make_holder(hospital)
    make_holding(patient, holder)
    grant(patient, "health_records")
    return patient, holder


def make_medicine(patient: Patient, *slots: str, starts_on: date | None = None) -> Medication:
    """Write down one medicine, for mornings and evenings unless said otherwise."""
    with scope(patient.hospital_id):
        return actions.plan_medication(
            patient,
            name="测试药",
            slots=slots or ("morning", "evening"),
            starts_on=starts_on or time.today(patient.hospital),
            by=make_staff(patient.hospital, role=Staff.Role.DOCTOR),
        )


def make_reading(
    patient: Patient, systolic: float, diastolic: float, *, at: datetime | None = None
) -> Recorded:
    """Record one blood pressure as the system would, by an import."""
    with scope(patient.hospital_id):
        return actions.record_reading(
            patient,
            "bp",
            {"systolic": systolic, "diastolic": diastolic},
            by=SystemActor(patient.hospital_id),
            measured_at=at,
        )


def make_week(patient: Patient, systolic: float = 138, diastolic: float = 86) -> None:
    """Record two readings each morning and evening of the last seven full days."""
    today = time.local(patient.hospital, time.now()).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    for day in range(7, 0, -1):
        for hour in (7, 20):
            for minute in (0, 2):
                at = today - timedelta(days=day) + timedelta(hours=hour, minutes=minute)
                make_reading(patient, systolic, diastolic, at=at)
