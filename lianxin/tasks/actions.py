"""Writes: tasks are made once per reason, tried, closed with an outcome, or handed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import actions as channels
from lianxin.core import events, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.keys import Keyring
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.tasks import catalog, rules
from lianxin.tasks.models import StaffTask, TaskAttempt
from lianxin.tasks.queries import NOTE_FIELD

TODAY = "today"


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task to be made. The unique key keeps two events from making two tasks."""

    unique_key: str
    reason_code: str
    patient_id: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    subject_kind: str = ""
    subject_id: int | None = None
    due_at: datetime | None = None


def create_task(hospital_id: int, draft: TaskDraft, *, by: Actor) -> StaffTask:
    """Make one task; the same unique key again returns the one that is there."""
    create_tasks(hospital_id, [draft], by=by)
    return StaffTask.objects.get(hospital_id=hospital_id, unique_key=draft.unique_key)


@transaction.atomic
def create_tasks(hospital_id: int, drafts: Sequence[TaskDraft], *, by: Actor) -> list[StaffTask]:
    """Make the tasks that are not there yet, for the team of each patient. Returns the new ones."""
    unique = {draft.unique_key: draft for draft in drafts}
    there = StaffTask.objects.of(hospital_id).filter(unique_key__in=list(unique))
    known = set(there.values_list("unique_key", flat=True))
    fresh = [draft for key, draft in unique.items() if key not in known]
    teams = teams_of(hospital_id, fresh)
    now = time.now()
    rows = [make_task(hospital_id, draft, teams, now) for draft in fresh]
    keys = {row.key for row in rows}
    StaffTask.objects.bulk_create(rows, ignore_conflicts=True)
    # Another worker may have been faster; only what this one wrote is told.
    made = list(StaffTask.objects.of(hospital_id).filter(key__in=keys).order_by("pk"))
    events.record_many([entry("task.created", task, by) for task in made])
    if made:
        live.publish(hospital_id, TODAY)
    return made


def teams_of(hospital_id: int, drafts: Sequence[TaskDraft]) -> dict[int, int | None]:
    ids = {draft.patient_id for draft in drafts if draft.patient_id}
    rows = Patient.objects.of(hospital_id).filter(pk__in=ids)
    return dict(rows.values_list("pk", "team_id"))


def make_task(
    hospital_id: int, draft: TaskDraft, teams: dict[int, int | None], now: datetime
) -> StaffTask:
    reason = catalog.reasons()[draft.reason_code]
    return StaffTask(
        hospital_id=hospital_id,
        kind=reason.kind,
        patient_id=draft.patient_id,
        assignee_id=draft.assignee_id,
        team_id=draft.team_id or teams.get(draft.patient_id or 0),
        reason_code=draft.reason_code,
        subject_kind=draft.subject_kind,
        subject_id=draft.subject_id,
        unique_key=draft.unique_key,
        due_at=draft.due_at or rules.due_at(reason, now),
        created_at=now,
    )


@transaction.atomic
def finish_try(task: StaffTask, outcome_code: str, *, note: str = "", by: Staff) -> StaffTask:
    """Write how one try went: it closes the task, or a next try becomes due.

    The last fruitless try closes it as lost, so that nobody is called for ever.
    """
    if not by.may("task.complete"):
        raise ForbiddenError
    task = lock_open(task)
    outcome = catalog.outcomes_of(task.kind).get(outcome_code)
    if outcome is None:
        raise RefusedError(_("请先选择结果。"))
    now = time.now()
    step = rules.after_try(outcome, task.attempt_count, catalog.max_attempts(), now)
    task.attempt_count += 1
    seal_note(task, note)
    if step.next_due_at is not None:
        task.due_at = step.next_due_at
        task.save(update_fields=["attempt_count", "due_at", "note_sealed"])
    else:
        close(task, StaffTask.State.DONE, step.outcome, by)
    TaskAttempt.objects.create(
        hospital_id=task.hospital_id,
        task=task,
        outcome=outcome.code,
        by=by,
        at=now,
        next_due_at=step.next_due_at or now,
    )
    name = "task.completed" if step.closes else "task.attempted"
    tell(name, task, by)
    return task


@transaction.atomic
def reassign_task(task: StaffTask, assignee: Staff | None, *, by: Staff) -> StaffTask:
    """Give the task to a colleague, or back to the team."""
    if not by.may("task.complete"):
        raise ForbiddenError
    if assignee is not None and assignee.hospital_id != task.hospital_id:
        raise RefusedError(_("只能交给本院的同事。"))
    task = lock_open(task)
    task.assignee = assignee
    task.save(update_fields=["assignee"])
    tell("task.reassigned", task, by)
    if assignee is not None and assignee.pk != by.pk:
        tell_assignee(task, assignee)
    return task


def tell_assignee(task: StaffTask, assignee: Staff) -> None:
    """Send a card that names no patient; it can wait for a quiet minute."""
    due = time.local(task.hospital, task.due_at)
    channels.notify_staff(
        task.hospital_id,
        assignee.pk,
        title=_("交给您的任务"),
        text=_("请在 %(due)s 前完成。") % {"due": f"{due:%m-%d %H:%M}"},
        path=f"/tasks/{task.key}/",
        dedupe_key=f"task:{task.key}:{time.now():%y%m%d%H%M}",
        about=channels.NoticeSubject("task", task.key),
        is_urgent=False,
    )


@transaction.atomic
def cancel_task(task: StaffTask, *, by: Actor) -> StaffTask:
    """Close a task whose matter has gone."""
    if not by.may("task.complete"):
        raise ForbiddenError
    task = lock_open(task)
    close(task, StaffTask.State.CANCELLED, "cancelled", by if isinstance(by, Staff) else None)
    tell("task.cancelled", task, by)
    return task


@transaction.atomic
def cancel_for_patient(
    hospital_id: int, patient_id: int, *, by: Actor, kinds: Sequence[str] = ()
) -> int:
    """Close what is open about a patient: calls after a life event, all after an erasure."""
    rows = StaffTask.objects.of(hospital_id).open().filter(patient_id=patient_id)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    tasks = list(rows.select_for_update(no_key=True).order_by("pk"))
    for task in tasks:
        close(task, StaffTask.State.CANCELLED, "cancelled", None)
    events.record_many([entry("task.cancelled", task, by) for task in tasks])
    if tasks:
        live.publish(hospital_id, TODAY)
    return len(tasks)


def lock_open(task: StaffTask) -> StaffTask:
    """Take the row for this change; refused when somebody closed it meanwhile."""
    row = (
        StaffTask.objects.open()
        .filter(pk=task.pk)
        .select_for_update(no_key=True, of=("self",))
        .select_related("patient")
        .first()
    )
    if row is None:
        raise RefusedError(_("这个任务已经有人处理完了。"))
    return row


def close(task: StaffTask, state: str, outcome: str, by: Staff | None) -> None:
    task.state, task.outcome = state, outcome
    task.closed_at, task.closed_by = time.now(), by
    task.save(
        update_fields=[
            "state",
            "outcome",
            "closed_at",
            "closed_by",
            "attempt_count",
            "note_sealed",
        ]
    )


def seal_note(task: StaffTask, note: str) -> None:
    if not note.strip() or task.patient_id is None:
        return
    subject = ("patient", task.patient_id)
    ring = Keyring.load(task.hospital_id, [subject], create=True)
    task.note_sealed = ring.seal(subject, "record", note.strip(), field=NOTE_FIELD)


def tell(name: str, task: StaffTask, by: Actor) -> None:
    events.record_many([entry(name, task, by)])
    live.publish(task.hospital_id, TODAY)


def entry(name: str, task: StaffTask, by: Actor) -> events.Entry:
    return events.Entry(
        name,
        task.hospital_id,
        "task",
        task.pk,
        by.kind,
        by.id,
        task.patient_id,
        {
            "kind": task.kind,
            "reason": task.reason_code,
            "outcome": task.outcome,
            "attempts": task.attempt_count,
            "assignee_id": task.assignee_id,
        },
    )


@transaction.atomic
def hand_over_tasks(leaver: Staff, taker: Staff | None, *, by: Actor) -> int:
    """Give the open tasks of one person to another; who may not do them leaves them to the team."""
    if not by.may("handover.manage"):
        raise ForbiddenError
    able = taker if taker is not None and taker.may("task.complete") else None
    rows = StaffTask.objects.of(leaver.hospital_id).open().filter(assignee=leaver)
    tasks = list(rows.select_for_update(no_key=True).order_by("pk"))
    for task in tasks:
        task.assignee = able
    StaffTask.objects.bulk_update(tasks, ["assignee"])
    events.record_many([entry("task.reassigned", task, by) for task in tasks])
    if tasks:
        live.publish(leaver.hospital_id, TODAY)
    return len(tasks)
