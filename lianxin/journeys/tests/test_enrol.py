from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from lianxin.core.actor import SystemActor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.journeys import actions, jobs, queries
from lianxin.journeys.models import DueStep, Enrolment, Journey, JourneyVersion
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.compliance import grant
from lianxin.testing.journeys import (
    CARDS,
    make_discharge_journey,
    make_enrolment,
    make_journey,
    make_ready_patient,
    make_version,
    plan_ahead,
    run_due,
)
from lianxin.testing.patients import make_holding, make_patient

# 22 November 2026, 07:00 in Shanghai.
MORNING = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def journey(in_riverside: Hospital) -> Journey:
    return make_journey(in_riverside)


@time_machine.travel(MORNING, tick=False)
def test_enrolling_plans_a_week_ahead_once(journey: Journey, lin: Staff) -> None:
    patient = make_ready_patient(lin.hospital, discharged_on=TODAY)

    enrolment = actions.enrol_patient(journey, patient, by=lin)

    steps = DueStep.objects.filter(enrolment=enrolment)
    assert steps.count() == 8 * 4
    assert set(steps.values_list("state", flat=True)) == {"due"}
    event = Event.objects.get(name="journey.enrolled")
    assert (event.patient_id, event.subject_id, event.by_id) == (patient.pk, enrolment.pk, lin.pk)


def test_only_once_at_a_time(journey: Journey, lin: Staff) -> None:
    patient = make_ready_patient(lin.hospital)
    first = actions.enrol_patient(journey, patient, by=lin)

    with pytest.raises(RefusedError, match="已经在这个旅程里"):
        actions.enrol_patient(journey, patient, by=lin)
    actions.stop_enrolment(first, by=lin)
    with pytest.raises(RefusedError, match="离上一次结束还太近"):
        actions.enrol_patient(journey, patient, by=lin)


def test_without_proof_or_consent_nobody_starts(journey: Journey, lin: Staff) -> None:
    patient = make_patient(lin.hospital)

    with pytest.raises(RefusedError, match="核验"):
        actions.enrol_patient(journey, patient, by=lin)
    make_holding(patient)
    with pytest.raises(RefusedError, match="同意"):
        actions.enrol_patient(journey, patient, by=lin)
    grant(patient, "health_records", "reminders")
    assert actions.enrol_patient(journey, patient, by=lin).state == "active"


def test_a_journey_long_over_is_not_started(journey: Journey, lin: Staff) -> None:
    patient = make_ready_patient(lin.hospital, discharged_on=date(2020, 1, 1))

    with pytest.raises(RefusedError, match="已经结束"):
        actions.enrol_patient(journey, patient, by=lin)


def test_reviewers_and_other_hospitals_enrol_nobody(
    journey: Journey, lin: Staff, mallory: Staff
) -> None:
    patient = make_ready_patient(lin.hospital)
    lin.role = Staff.Role.REVIEWER

    with pytest.raises(ForbiddenError):
        actions.enrol_patient(journey, patient, by=lin)
    with scope(mallory.hospital_id), pytest.raises(NotFoundError):
        queries.access_journey(mallory, journey.key)


def test_consent_starts_what_the_live_code_names_and_a_repeat_starts_nothing(
    in_riverside: Hospital,
) -> None:
    make_discharge_journey(in_riverside)
    patient = make_ready_patient(in_riverside, discharged_on=TODAY)
    heard = [
        {"name": "consent.given", "patient_id": patient.pk, "data": {"purpose": "reminders"}},
        {"name": "patient.verified", "patient_id": patient.pk, "data": {}},
    ]

    with time_machine.travel(MORNING, tick=False):
        jobs.enrol_patients.func(hospital_id=in_riverside.pk, events=heard * 3)

    assert Enrolment.objects.count() == 1


def test_without_a_trigger_nothing_starts(journey: Journey, in_riverside: Hospital) -> None:
    patient = make_ready_patient(in_riverside, discharged_on=None)
    heard = [{"name": "consent.given", "patient_id": patient.pk, "data": {}}]

    jobs.enrol_patients.func(hospital_id=in_riverside.pk, events=heard)

    assert not Enrolment.objects.exists()


@time_machine.travel(MORNING, tick=False)
def test_planning_ahead_twice_adds_nothing_twice(journey: Journey) -> None:
    enrolment = make_enrolment(journey, discharged_on=TODAY)

    with time_machine.travel(MORNING + timedelta(days=6), tick=False):
        plan_ahead(journey.hospital_id)
        once = DueStep.objects.filter(enrolment=enrolment).count()
        plan_ahead(journey.hospital_id)

    assert once == 14 * 4
    assert DueStep.objects.filter(enrolment=enrolment).count() == once


@time_machine.travel(MORNING, tick=False)
def test_a_journey_whose_steps_are_over_finishes(journey: Journey) -> None:
    enrolment = make_enrolment(journey, discharged_on=TODAY)

    for day in (4, 8, 12, 16, 20, 24, 28, 32, 36, 40):
        with time_machine.travel(MORNING + timedelta(days=day), tick=False):
            plan_ahead(journey.hospital_id)
            run_due(journey.hospital_id)

    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.end_reason) == ("finished", "finished")
    assert DueStep.objects.count() == 31 * 4
    assert not DueStep.objects.filter(state__in=DueStep.OPEN).exists()


def test_whoever_is_under_way_finishes_on_the_old_version(
    journey: Journey, in_riverside: Hospital
) -> None:
    old = make_enrolment(journey)
    changed = {**CARDS, "name": {"zh-hans": "新名字"}}

    new = make_version(in_riverside, changed)

    old.refresh_from_db()
    journey.refresh_from_db()
    assert (old.version.number, old.version.state) == (1, "retired")
    assert (new.number, journey.live_id, journey.name) == (2, new.pk, "新名字")
    assert new.timing_token == old.version.timing_token


def test_a_version_is_approved_by_another_person_and_never_changes(
    in_riverside: Hospital, admin: Staff, zhou: Staff
) -> None:
    draft = actions.save_draft(in_riverside, CARDS, by=admin)

    with pytest.raises(RefusedError, match="自己写的"):
        actions.approve_version(draft, by=admin)
    with pytest.raises(RefusedError, match="批准过"):
        actions.publish_version(draft, by=admin)
    actions.approve_version(draft, by=zhou)
    again = actions.save_draft(in_riverside, CARDS, by=admin)

    assert (draft.number, again.number) == (1, 2)
    assert JourneyVersion.objects.get(pk=draft.pk).state == "approved"


def test_a_broken_definition_is_refused_with_its_step(in_riverside: Hospital, admin: Staff) -> None:
    broken = {**CARDS, "steps": [{**CARDS["steps"][0], "slot": "noon"}]}

    with pytest.raises(RefusedError, match="measure-bp-morning"):
        actions.save_draft(in_riverside, broken, by=admin)


def test_a_retired_journey_takes_nobody(journey: Journey, admin: Staff) -> None:
    actions.retire_journey(journey, by=admin)

    with pytest.raises(RefusedError, match="没有在运行"):
        actions.enrol_patient(
            journey, make_ready_patient(admin.hospital), by=SystemActor(journey.hospital_id)
        )
    assert Patient.objects.count() == 1
