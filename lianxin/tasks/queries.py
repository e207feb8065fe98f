"""Reads. The actor comes first; nothing outside the hospital is returned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.keys import Keyring
from lianxin.patients.queries import PatientFace, names_of
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_staff, list_team_ids_of
from lianxin.tasks import catalog
from lianxin.tasks.models import StaffTask, TaskAttempt
from lianxin.tasks.rules import Outcome, is_overdue

NOTE_FIELD = "tasks.task.note"
MINE, TEAM, ALL = "mine", "team", "all"
# What a line about a task says; its whole story is on its own page.
LINE_COLUMNS = ("key", "patient", "kind", "reason_code", "outcome", "due_at", "state")


class TaskHead(NamedTuple):
    """An open task of which a page shows one line, or only that it is one more."""

    key: str
    patient_id: int | None
    kind: str
    reason_code: str
    outcome: str
    due_at: datetime


@dataclass(frozen=True)
class TaskFilter:
    state: str = StaffTask.State.OPEN
    kind: str = ""
    whose: str = ALL


@dataclass(frozen=True)
class TaskWords:
    """One task in the words of the interface: what it is about, what to do."""

    word: str
    sentence: str
    kind_word: str
    action_word: str
    icon: str
    outcome_word: str


@dataclass(frozen=True)
class TaskLine:
    """One task as a list shows it."""

    task: StaffTask
    face: PatientFace | None
    said: TaskWords
    is_overdue: bool


def list_tasks(actor: Actor, wanted: TaskFilter | None = None) -> QuerySet[StaffTask]:
    """Return tasks, the most pressing first; closed ones newest first."""
    if not actor.may("task.read"):
        raise ForbiddenError
    wanted = wanted or TaskFilter()
    rows = StaffTask.objects.of(actor.hospital_id).select_related("assignee", "team", "patient")
    chosen = {name: value for name in ("state", "kind") if (value := getattr(wanted, name))}
    rows = rows.filter(whose(actor, wanted.whose), **chosen)
    if wanted.state == StaffTask.State.OPEN:
        return rows.order_by("due_at", "pk")
    return rows.order_by("-closed_at", "-pk")


def whose(actor: Actor, choice: str) -> Q:
    """Narrow to what this person must do: given to them, or to their team and to nobody."""
    if choice not in (MINE, TEAM) or not isinstance(actor, Staff):
        return Q()
    teams = list_team_ids_of(actor)
    if choice == TEAM:
        return Q(team_id__in=teams)
    return Q(assignee=actor) | Q(assignee=None, team_id__in=teams)


def list_open_tasks(
    actor: Actor, *, kinds: Collection[str] = (), choice: str = ALL
) -> QuerySet[StaffTask]:
    """Return what is open, the most pressing first, for Today."""
    rows = list_tasks(actor, TaskFilter(whose=choice))
    return rows.filter(kind__in=kinds) if kinds else rows


def count_open_tasks(hospital_id: int) -> int:
    return StaffTask.objects.of(hospital_id).open().count()


def list_tasks_of_patient(actor: Actor, patient_id: int) -> QuerySet[StaffTask]:
    if not actor.may("task.read"):
        raise ForbiddenError
    rows = StaffTask.objects.of(actor.hospital_id).filter(patient_id=patient_id)
    rows = rows.select_related("assignee").only(*LINE_COLUMNS, "assignee__name")
    return rows.order_by("-pk")


def access_task(actor: Actor, key: str) -> StaffTask:
    if not actor.may("task.read"):
        raise ForbiddenError
    rows = StaffTask.objects.of(actor.hospital_id).filter(key=key)
    task = rows.select_related("patient", "assignee", "team", "closed_by").first()
    if task is None:
        raise NotFoundError
    return task


def describe(task: StaffTask | TaskHead) -> TaskWords:
    """Put a task into words; asks the database nothing."""
    kind, reason = catalog.kinds()[task.kind], catalog.reasons()[task.reason_code]
    outcome = catalog.outcome_word(task.kind, task.outcome) if task.outcome else ""
    return TaskWords(
        word=gettext(reason.word),
        sentence=gettext(reason.advice),
        kind_word=gettext(kind.word),
        action_word=gettext(kind.action),
        icon=kind.icon,
        outcome_word=gettext(outcome) if outcome else "",
    )


def describe_tasks(
    hospital_id: int, tasks: Sequence[StaffTask], faces: Mapping[int, PatientFace] | None = None
) -> list[TaskLine]:
    """Put tasks into lines with the patients' faces: two queries, or none if they are known."""
    if faces is None:
        faces = names_of(hospital_id, {task.patient_id for task in tasks if task.patient_id})
    now = time.now()
    return [
        TaskLine(
            task=task,
            face=faces.get(task.patient_id) if task.patient_id else None,
            said=describe(task),
            is_overdue=task.state == StaffTask.State.OPEN and is_overdue(task.due_at, now),
        )
        for task in tasks
    ]


def list_attempts(task: StaffTask) -> QuerySet[TaskAttempt]:
    return TaskAttempt.objects.filter(task=task).select_related("by").order_by("at", "pk")


def describe_attempts(task: StaffTask) -> list[tuple[TaskAttempt, str]]:
    return [
        (row, gettext(catalog.outcome_word(task.kind, row.outcome))) for row in list_attempts(task)
    ]


def list_possible_assignees(actor: Actor) -> list[Staff]:
    """Return the colleagues who may close a task."""
    return [one for one in list_staff(actor.hospital_id) if one.may("task.complete")]


def list_outcomes(task: StaffTask) -> list[Outcome]:
    return list(catalog.outcomes_of(task.kind).values())


def note_of(task: StaffTask) -> str:
    """Return what staff wrote about the outcome; empty when there is nothing or it was erased."""
    if not task.patient_id or not task.note_sealed:
        return ""
    subject = ("patient", task.patient_id)
    ring = Keyring.load(task.hospital_id, [subject])
    return ring.open(subject, "record", bytes(task.note_sealed), field=NOTE_FIELD) or ""


def count_tasks_of(staff: Staff) -> int:
    """Count what this person has still to do."""
    return StaffTask.objects.of(staff.hospital_id).open().filter(assignee=staff).count()
