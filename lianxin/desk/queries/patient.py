"""Patient 360: one person's story from every room that knows a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language

from lianxin.compliance.queries import Look, Question, list_questions, who_looked
from lianxin.conversations.models import Thread
from lianxin.conversations.queries import list_threads_of_patient
from lianxin.core import time
from lianxin.core.models import Event
from lianxin.desk.queries import timeline
from lianxin.health.models import Alert
from lianxin.health.queries.alerts import list_alerts_of
from lianxin.health.queries.medicines import MedicineFacts, list_medicines
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.outreach.queries.reach import ReachLine, reach_of_patient
from lianxin.patients.models import Holding, Patient
from lianxin.patients.queries import (
    PatientFace,
    access_patient,
    diagnosis_of,
    face_of,
    holders_of,
    list_timeline,
    tags_of,
)
from lianxin.staff.models import CareTeamMember, Staff
from lianxin.tasks.models import StaffTask

LOOKS = 6
NEXT_STEPS = 3


@dataclass(frozen=True)
class Story:
    """Everything the page shows; parts that the role may not see are empty."""

    patient: Patient
    face: PatientFace
    diagnosis: str
    holdings: Sequence[Holding]
    team: Sequence[CareTeamMember]
    reach: Sequence[ReachLine]
    questions: Sequence[Question]
    tags: Sequence[str]
    alerts: Sequence[Alert]
    medicines: Sequence[MedicineFacts]
    threads: Sequence[Thread]
    tasks: Sequence[StaffTask]
    enrolments: Sequence[Position]
    days: Sequence[timeline.Day]
    looks: Sequence[Look]
    may_see_health: bool

    @property
    def open_alerts(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.state != Alert.State.CLOSED]

    @property
    def day_number(self) -> int | None:
        """Say which day since discharge it is, counted from 0."""
        if self.patient.discharged_on is None:
            return None
        return (time.today(self.patient.hospital) - self.patient.discharged_on).days


@dataclass(frozen=True)
class Position:
    """Where the patient stands on one journey."""

    enrolment: Enrolment
    day: int
    next_steps: Sequence[DueStep]


def access_story(staff: Staff, key: str, *, kind: str = "") -> Story:
    """Load the page for one patient whom this member of staff may see."""
    patient = access_patient(staff, key)
    today = time.today(staff.hospital)
    sees_health = staff.may("health.read") and patient.state == Patient.State.ACTIVE
    events = list_timeline(staff, patient, names=timeline.names_of_kind(kind))
    return Story(
        patient=patient,
        face=face_of(patient),
        diagnosis=diagnosis_of(patient) if sees_health else "",
        holdings=holders_of(staff.hospital_id, patient.pk),
        team=list_team(patient),
        reach=reach_of_patient(staff.hospital_id, patient.pk),
        questions=list_questions(patient, get_language() or "zh-hans"),
        tags=tags_of(staff.hospital_id, [patient.pk]).get(patient.pk, []),
        alerts=list_alerts_of(patient) if sees_health else [],
        medicines=list_medicines(patient, today) if sees_health else [],
        threads=list_threads_of_patient(staff, patient.pk) if staff.may("message.read") else [],
        tasks=list_tasks(patient),
        enrolments=list_positions(patient, today),
        days=timeline.by_day(staff.hospital, tell(events)),
        looks=who_looked(patient, limit=LOOKS) if staff.may("patient.read") else [],
        may_see_health=sees_health,
    )


def tell(events: Sequence[Event]) -> list[timeline.Line]:
    return [timeline.tell_event(event, get_language() or "zh-hans") for event in events]


def list_team(patient: Patient) -> list[CareTeamMember]:
    rows = CareTeamMember.objects.filter(hospital_id=patient.hospital_id, team=patient.team)
    return list(rows.select_related("staff").order_by("id"))


def list_tasks(patient: Patient) -> list[StaffTask]:
    rows = StaffTask.objects.of(patient.hospital_id).filter(patient=patient)
    return list(rows.filter(state=StaffTask.State.OPEN).order_by("due_at")[:8])


def list_positions(patient: Patient, today: date) -> list[Position]:
    rows = Enrolment.objects.of(patient.hospital_id).filter(patient=patient)
    enrolments = list(rows.select_related("journey", "version").order_by("-enrolled_at")[:4])
    steps = DueStep.objects.filter(
        hospital_id=patient.hospital_id,
        enrolment__in=[e.pk for e in enrolments],
        state=DueStep.State.DUE,
    ).order_by("due_at")[: NEXT_STEPS * 4]
    waiting: dict[int, list[DueStep]] = {}
    for step in steps:
        waiting.setdefault(step.enrolment_id, []).append(step)
    return [
        Position(e, (today - e.anchor_on).days, waiting.get(e.pk, [])[:NEXT_STEPS])
        for e in enrolments
    ]
