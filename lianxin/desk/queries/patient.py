"""Patient 360: one person's story from every room that knows a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lianxin.compliance.queries import Look, Question, granted_of, list_questions, who_looked
from lianxin.compliance.words import page_words
from lianxin.conversations.queries import find_newest_thread_key
from lianxin.core import time
from lianxin.core.joins import join
from lianxin.desk import lines
from lianxin.desk.queries import timeline
from lianxin.desk.words import clock_word, language, time_left
from lianxin.health.models import Alert
from lianxin.health.panels import Known, TrendPanel, level_word, load_panel
from lianxin.health.queries.alerts import list_alerts_of
from lianxin.health.queries.book import Book, find_book
from lianxin.health.queries.medicines import MedicineFacts, facts_of, load_intake
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.journeys.queries import definition_of, list_enrolments_of
from lianxin.journeys.words import STATES
from lianxin.outreach.queries.reach import ReachLine, reach_of_patient
from lianxin.patients.models import Holding, Patient
from lianxin.patients.queries import (
    OpenPatient,
    PatientFace,
    access_patient,
    holders_of,
    list_timeline,
    open_patient,
    tags_of,
)
from lianxin.staff.models import CareTeamMember, Staff
from lianxin.tasks.models import StaffTask
from lianxin.tasks.queries import TaskLine, describe_tasks, list_tasks_of_patient
from lianxin.web.parts import Action
from lianxin.web.rules import mask_name

LOOKS = 6
NEXT_STEPS = 3
ENROLMENTS = 3
TASK_ROWS = 6
TIMELINE_ROWS = 12
TREND_DAYS = 30
LOUDEST_FIRST = ("red", "orange", "yellow", "blue")
MAY = {
    "reveal": "patient.reveal",
    "edit": "patient.edit",
    "verify": "patient.verify",
    "life_event": "patient.life_event",
    "erase": "patient.erase",
    "consent": "consent.record",
    "health": "health.read",
    "plan": "health.edit",
    "archive": "archive.read",
}


@dataclass(frozen=True)
class AlertLine:
    """One alert beside the story: how loud, what, until when, and what to do."""

    alert: Alert
    level: str
    tone: str
    fact: str
    state: str
    due: str
    due_sub: str
    action: Action


@dataclass(frozen=True)
class HolderLine:
    """Who holds the phone, masked."""

    holding: Holding
    name: str


@dataclass(frozen=True)
class NextStep:
    title: str
    due_at: datetime


@dataclass(frozen=True)
class Position:
    """Where the patient stands on one journey."""

    enrolment: Enrolment
    state: str
    tone: str
    day: int
    last_day: int
    next_steps: Sequence[NextStep]

    @property
    def day_shown(self) -> int:
        return max(0, min(self.day, self.last_day))


@dataclass(frozen=True)
class LookLine:
    look: Look
    page: str


@dataclass(frozen=True)
class Timeline:
    """A stretch of the journal, and where the next one begins."""

    days: Sequence[timeline.Day]
    kinds: Sequence[timeline.Kind]
    before: datetime | None
    next_before: datetime | None


@dataclass(frozen=True)
class Story:
    """Everything the page shows; parts that the role may not see are empty."""

    patient: Patient
    face: PatientFace
    diagnosis: str
    holders: Sequence[HolderLine]
    team: Sequence[CareTeamMember]
    reach: Sequence[ReachLine]
    questions: Sequence[Question]
    tags: Sequence[str]
    panel: TrendPanel | None
    alerts: Sequence[AlertLine]
    medicines: Sequence[MedicineFacts] | None
    thread_key: str
    tasks: Sequence[TaskLine] | None
    positions: Sequence[Position] | None
    timeline: Timeline
    looks: Sequence[LookLine]
    may: Mapping[str, bool]

    @property
    def unanswered(self) -> int:
        """Count the purposes nobody has answered: each counts as no."""
        return sum(question.answer is None for question in self.questions)

    @property
    def day_number(self) -> int | None:
        """Say which day since discharge it is, counted from 0."""
        if self.patient.discharged_on is None:
            return None
        return (time.today(self.patient.hospital) - self.patient.discharged_on).days


def access_story(staff: Staff, key: str) -> Story:
    """Load the page for one patient whom this member of staff may see."""
    patient = access_patient(staff, key)
    today = time.today(staff.hospital)
    sees_health = may_see_health(staff, patient)
    holdings = holders_of(patient)
    opened = open_patient(patient, [holding.holder_id for holding in holdings])
    questions = list_questions(patient, language())
    team = list_team(patient)
    health = load_health(staff, patient, opened, today) if sees_health else None
    return Story(
        patient=patient,
        face=opened.face,
        diagnosis=opened.diagnosis if sees_health else "",
        holders=[HolderLine(h, mask_name(opened.nickname(h.holder))) for h in holdings],
        team=team,
        reach=reach_of_patient(patient, granted_of(questions), holdings),
        questions=questions,
        tags=tags_of(staff.hospital_id, [patient.pk]).get(patient.pk, []),
        panel=health.panel if health else None,
        alerts=health.alerts if health else [],
        medicines=health.medicines if health else None,
        thread_key=find_thread_key(staff, patient),
        tasks=list_task_lines(staff, opened.face) if staff.may("task.read") else None,
        positions=list_positions(patient, today) if staff.may("journey.read") else None,
        timeline=load_timeline(staff, patient),
        looks=list_looks(patient, [member.staff for member in team]),
        may={name: staff.may(permission) for name, permission in MAY.items()},
    )


def may_see_health(staff: Staff, patient: Patient) -> bool:
    """Tell whether health data is shown: to those who treat, while the patient is in our care."""
    return staff.may("health.read") and patient.state == Patient.State.ACTIVE


def find_thread_key(staff: Staff, patient: Patient) -> str:
    return find_newest_thread_key(staff, patient.pk) if staff.may("message.read") else ""


@dataclass(frozen=True)
class Health:
    """The part that only those who treat may see."""

    panel: TrendPanel | None
    alerts: Sequence[AlertLine]
    medicines: Sequence[MedicineFacts]


def load_health(
    staff: Staff,
    patient: Patient,
    opened: OpenPatient,
    today: date,
    *,
    days: int = TREND_DAYS,
    width: float = 820,
) -> Health:
    """Load the numbers; no trend is drawn while no doctor has approved the clinical rows."""
    book = find_book(staff.hospital_id)
    alerts = list_alerts_of(patient)
    intake = load_intake(patient, today - timedelta(days=TREND_DAYS - 1), today)
    known = Known(book, alerts, intake)
    return Health(
        panel=load_panel(patient, days=days, width=width, known=known) if book else None,
        alerts=list_alert_lines(staff, book, alerts),
        medicines=facts_of(patient, intake, opened.ring),
    )


def list_alert_lines(staff: Staff, book: Book | None, alerts: Sequence[Alert]) -> list[AlertLine]:
    live = [alert for alert in alerts if alert.state != Alert.State.CLOSED]
    live.sort(key=lambda alert: LOUDEST_FIRST.index(alert.level))
    return [
        AlertLine(
            alert=alert,
            level=level_word(alert.level),
            tone={"red": "danger", "blue": ""}.get(alert.level, "warn"),
            fact=lines.tell_alert(alert, book),
            state=lines.tell_state(staff.hospital, alert),
            due=time_left(alert.due_at)[0],
            due_sub=clock_word(staff.hospital, alert.due_at),
            action=lines.alert_action(staff, alert),
        )
        for alert in live
    ]


def list_team(patient: Patient) -> list[CareTeamMember]:
    rows = CareTeamMember.objects.filter(hospital_id=patient.hospital_id, team=patient.team)
    return list(join(rows, staff="name title").order_by("id")) if patient.team_id else []


def list_task_lines(staff: Staff, face: PatientFace) -> list[TaskLine]:
    rows = list_tasks_of_patient(staff, face.id).filter(state=StaffTask.State.OPEN)
    tasks = list(rows.order_by("due_at", "pk")[:TASK_ROWS])
    return describe_tasks(staff.hospital_id, tasks, {face.id: face})


def list_positions(patient: Patient, today: date) -> list[Position]:
    enrolments = list_enrolments_of(patient.hospital_id, patient.pk)[:ENROLMENTS]
    steps = DueStep.objects.filter(
        hospital_id=patient.hospital_id, enrolment__in=enrolments, state__in=DueStep.OPEN
    ).order_by("due_at", "step_key")
    steps = steps.only("enrolment", "step_key", "due_at")
    waiting: dict[int, list[DueStep]] = {}
    for step in steps[: ENROLMENTS * NEXT_STEPS * 2] if enrolments else ():
        waiting.setdefault(step.enrolment_id, []).append(step)
    return [make_position(e, waiting.get(e.pk, []), today) for e in enrolments]


def make_position(enrolment: Enrolment, steps: Sequence[DueStep], today: date) -> Position:
    definition = definition_of(enrolment.version)
    titles = {step.key: step.title_in(language()) for step in definition.steps}
    word, tone = STATES[enrolment.state]
    return Position(
        enrolment=enrolment,
        state=str(word),
        tone=tone,
        day=(today - enrolment.anchor_on).days,
        last_day=definition.last_day,
        next_steps=[NextStep(titles.get(s.step_key, ""), s.due_at) for s in steps[:NEXT_STEPS]],
    )


def list_looks(patient: Patient, team: Sequence[Staff]) -> list[LookLine]:
    """Return who looked, one line for somebody who opened the same page again and again."""
    lines_by_page: dict[tuple[str, str], LookLine] = {}
    for look in who_looked(patient, limit=LOOKS * 3, known=team):
        page = page_words(look.page)
        lines_by_page.setdefault((look.who, page), LookLine(look, page))
    return list(lines_by_page.values())[:LOOKS]


# --- The timeline --------------------------------------------------------------------------------


def load_timeline(
    staff: Staff, patient: Patient, *, kind: str = "", before: datetime | None = None
) -> Timeline:
    """Load a stretch of the journal in words, without health lines for who may not read them."""
    sees_health = may_see_health(staff, patient)
    names = timeline.names_of_kind(kind, sees_health=sees_health)
    limit = TIMELINE_ROWS + 1
    events = list_timeline(staff, patient, names=names, before=before, limit=limit)
    shown = events[:TIMELINE_ROWS]
    told = [timeline.tell_event(staff.hospital, event) for event in shown]
    return Timeline(
        days=timeline.by_day(told),
        kinds=timeline.list_kinds(sees_health=sees_health),
        before=before,
        next_before=shown[-1].at if len(events) > len(shown) else None,
    )
