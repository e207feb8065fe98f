"""Tasks are made once, tried three times, closed with a word, and never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.staff.models import Staff
from lianxin.tasks import actions, catalog, jobs, queries
from lianxin.tasks.models import StaffTask, TaskAttempt
from lianxin.tasks.queries import TaskFilter
from lianxin.tasks.rules import Outcome, after_try
from lianxin.testing.patients import make_patient
from lianxin.testing.staff import make_staff, make_team
from lianxin.testing.tasks import make_task

NOW = time.now()


@pytest.mark.parametrize(
    ("closes", "attempts", "outcome"),
    [
        (True, 0, "reached"),
        (False, 0, "no_answer"),
        (False, 1, "no_answer"),
        (False, 2, "lost"),  # the third fruitless try
    ],
)
def test_three_fruitless_tries_end_a_task(closes: bool, attempts: int, outcome: str) -> None:
    tried = Outcome("reached" if closes else "no_answer", "", closes=closes, next_hours=4)

    step = after_try(tried, attempts, 3, NOW)

    assert step.outcome == outcome
    assert (step.next_due_at is None) == step.closes
    assert step.next_due_at in (None, NOW + timedelta(hours=4))


def test_every_reason_has_a_kind_and_every_kind_outcomes() -> None:
    for reason in catalog.reasons().values():
        assert reason.kind in StaffTask.Kind.values
        assert catalog.outcomes_of(reason.kind)
    assert set(catalog.kinds()) == set(StaffTask.Kind.values)


def test_the_same_key_is_the_same_task(in_riverside: Hospital) -> None:
    patient = make_patient(in_riverside)
    task = make_task(in_riverside, patient=patient, unique_key="call:1")

    assert make_task(in_riverside, patient=patient, unique_key="call:1").pk == task.pk
    assert Event.objects.filter(name="task.created").count() == 1


def test_a_task_goes_to_the_patients_team(in_riverside: Hospital, lin: Staff) -> None:
    patient = make_patient(in_riverside)
    patient.team = make_team(in_riverside, lin, lin)
    patient.save(update_fields=["team"])

    task = make_task(in_riverside, patient=patient)

    assert task.team_id == patient.team_id
    assert list(queries.list_tasks(lin, TaskFilter(whose="mine"))) == [task]


def test_closing_needs_a_known_word(in_riverside: Hospital, lin: Staff) -> None:
    task = make_task(in_riverside)

    with pytest.raises(RefusedError):
        actions.finish_try(task, "whatever", by=lin)
    done = actions.finish_try(task, "reached", note="血压平稳，周五复诊", by=lin)

    assert (done.state, done.outcome, done.closed_by) == ("done", "reached", lin)
    assert "复诊".encode() not in bytes(done.note_sealed)
    assert queries.note_of(done) == "血压平稳，周五复诊"
    event = Event.objects.get(name="task.completed")
    assert "复诊" not in str(event.data)


def test_nobody_answering_moves_the_deadline_and_keeps_it_open(
    in_riverside: Hospital, lin: Staff
) -> None:
    task = make_task(in_riverside)

    actions.finish_try(task, "no_answer", by=lin)

    task.refresh_from_db()
    assert (task.state, task.attempt_count) == ("open", 1)
    assert task.due_at > time.now() + timedelta(hours=3)
    assert TaskAttempt.objects.get().outcome == "no_answer"


def test_closing_twice_is_refused(in_riverside: Hospital, lin: Staff) -> None:
    task = make_task(in_riverside)
    actions.finish_try(task, "reached", by=lin)

    with pytest.raises(RefusedError, match="有人处理完"):
        actions.finish_try(task, "reached", by=lin)


def test_those_without_the_permission_close_nothing(in_riverside: Hospital) -> None:
    task = make_task(in_riverside)
    operator = make_staff(in_riverside, role=Staff.Role.OPERATOR)

    with pytest.raises(ForbiddenError):
        actions.finish_try(task, "reached", by=operator)
    with pytest.raises(ForbiddenError):
        queries.list_tasks(operator)


def test_a_task_is_handed_on_inside_the_hospital(
    in_riverside: Hospital, lin: Staff, zhou: Staff, mallory: Staff
) -> None:
    task = make_task(in_riverside)

    assert actions.reassign_task(task, zhou, by=lin).assignee == zhou
    with pytest.raises(RefusedError):
        actions.reassign_task(task, mallory, by=lin)
    with pytest.raises(NotFoundError):
        queries.access_task(mallory, task.key)


# ---- what events make people do -----------------------------------------------------------


def refusal(patient_id: int | None, **data: Any) -> dict[str, Any]:
    given = {"kind": "card", "reasons": ["no_carrier"], "needs_call": True}
    return {
        "at": "2026-11-20T04:00:00+00:00",
        "patient_id": patient_id,
        "subject_id": 1,
        "data": given | data,
    }


def test_a_patient_nobody_can_reach_is_called_once_a_day(in_riverside: Hospital) -> None:
    patient = make_patient(in_riverside)
    event = refusal(patient.pk)

    jobs.call_about_refusals(in_riverside.pk, [event, event])
    jobs.call_about_refusals(in_riverside.pk, [event])

    task = StaffTask.objects.get()
    assert (task.kind, task.reason_code, task.patient_id) == ("call", "unreachable", patient.pk)


@pytest.mark.parametrize("data", [{"needs_call": False}, {"kind": "reply"}, {"kind": "welcome"}])
def test_not_every_refusal_is_a_call(in_riverside: Hospital, data: dict[str, Any]) -> None:
    patient = make_patient(in_riverside)

    jobs.call_about_refusals(in_riverside.pk, [refusal(patient.pk, **data), refusal(None)])

    assert not StaffTask.objects.exists()


def test_a_life_event_puts_a_person_in_place_of_the_calls(in_riverside: Hospital) -> None:
    patient = make_patient(in_riverside)
    call = make_task(in_riverside, patient=patient)
    event = {"patient_id": patient.pk, "data": {"kind": "readmission", "life_event_id": 5}}

    jobs.follow_up_life_events(in_riverside.pk, [event])
    jobs.follow_up_life_events(in_riverside.pk, [event])

    call.refresh_from_db()
    assert call.state == "cancelled"
    task = StaffTask.objects.open().get()
    assert (task.kind, task.reason_code) == ("human_follow_up", "readmission")


def test_forgetting_a_patient_closes_what_was_open(in_riverside: Hospital) -> None:
    task = make_task(in_riverside, reason="readmission")

    jobs.close_for_erased(in_riverside.pk, [{"patient_id": task.patient_id}])

    task.refresh_from_db()
    assert task.state == "cancelled"


def test_one_and_forty_tasks_cost_the_same_to_describe(in_riverside: Hospital) -> None:
    tasks = [make_task(in_riverside) for _ in range(3)]

    lines = queries.describe_tasks(in_riverside.pk, tasks)

    assert all(line.face is not None and line.said.word for line in lines)


def test_other_hospitals_tasks_are_not_counted(in_riverside: Hospital, elsewhere: Hospital) -> None:
    make_task(elsewhere)

    assert queries.count_open_tasks(in_riverside.pk) == 0
    assert actions.cancel_for_patient(in_riverside.pk, 1, by=SystemActor(in_riverside.pk)) == 0
