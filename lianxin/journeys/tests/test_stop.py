from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.journeys import actions, jobs
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.patients.actions import record_life_event
from lianxin.staff.models import Staff
from lianxin.testing.jobs import run_jobs
from lianxin.testing.journeys import make_enrolment, make_journey, run_due

MORNING = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def enrolment(in_riverside: Hospital) -> Enrolment:
    with time_machine.travel(MORNING, tick=False):
        return make_enrolment(make_journey(in_riverside), discharged_on=TODAY)


def states(enrolment: Enrolment) -> set[str]:
    return set(DueStep.objects.filter(enrolment=enrolment).values_list("state", flat=True))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("patient.life_event", "life_event"),
        ("patient.erased", "erased"),
    ],
)
def test_an_ending_stops_every_step_at_once(enrolment: Enrolment, name: str, reason: str) -> None:
    event = {"name": name, "patient_id": enrolment.patient_id, "data": {}}

    jobs.stop_patients.func(hospital_id=enrolment.hospital_id, events=[event, event])

    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.end_reason) == ("stopped", reason)
    assert states(enrolment) == {"cancelled"}
    assert Event.objects.filter(name="journey.stopped").count() == 1


def test_even_before_the_news_arrives_nothing_runs(enrolment: Enrolment, lin: Staff) -> None:
    """The stop is on the patient's row; the job that cancels the steps may come later."""
    with time_machine.travel(MORNING + timedelta(hours=2), tick=False):
        record_life_event(enrolment.patient, "readmission", by=lin)
        run_due(enrolment.hospital_id)

    done = DueStep.objects.filter(state="done")
    assert not done.exists()
    assert set(DueStep.objects.exclude(reason="").values_list("reason", flat=True)) == {
        "patient_stopped"
    }


def test_withdrawing_what_it_needs_ends_it_and_other_purposes_do_not(
    enrolment: Enrolment,
) -> None:
    def heard(purpose: str) -> list[dict[str, object]]:
        return [{"name": "consent.withdrawn", "patient_id": enrolment.patient_id,
                 "data": {"purpose": purpose}}]  # fmt: skip

    jobs.stop_without_consent.func(hospital_id=enrolment.hospital_id, events=heard("marketing"))
    enrolment.refresh_from_db()
    assert enrolment.state == "active"

    jobs.stop_without_consent.func(hospital_id=enrolment.hospital_id, events=heard("reminders"))
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.end_reason) == ("stopped", "consent_withdrawn")


def test_a_pause_holds_and_going_on_says_what_was_missed(enrolment: Enrolment, lin: Staff) -> None:
    with time_machine.travel(MORNING, tick=False):
        actions.pause_enrolment(enrolment, by=lin)
        assert states(enrolment) == {"held"}
    with time_machine.travel(MORNING + timedelta(hours=8), tick=False):
        run_due(enrolment.hospital_id)
        assert states(enrolment) == {"held"}
        actions.resume_enrolment(enrolment, by=lin)

    missed = DueStep.objects.filter(enrolment=enrolment, state="missed")
    assert set(missed.values_list("step_key", "reason")) == {
        ("measure-bp-morning", "enrolment_paused"),
        ("pills-morning", "enrolment_paused"),
    }
    assert states(enrolment) == {"missed", "due"}


def test_pausing_or_ending_twice_is_refused(enrolment: Enrolment, lin: Staff) -> None:
    actions.pause_enrolment(enrolment, by=lin)
    with pytest.raises(RefusedError):
        actions.pause_enrolment(enrolment, by=lin)
    actions.stop_enrolment(enrolment, by=lin)
    with pytest.raises(RefusedError):
        actions.stop_enrolment(enrolment, by=lin)
    with pytest.raises(RefusedError):
        actions.resume_enrolment(enrolment, by=lin)


def test_one_step_can_be_left_out(enrolment: Enrolment, lin: Staff) -> None:
    step = DueStep.objects.filter(enrolment=enrolment).order_by("due_at", "id")[0]

    actions.skip_step(step, by=lin)

    with pytest.raises(RefusedError, match="已经办过"):
        actions.skip_step(step, by=lin)
    with time_machine.travel(MORNING + timedelta(hours=2), tick=False):
        run_due(enrolment.hospital_id)
    step.refresh_from_db()
    assert (step.state, step.reason) == ("skipped", "skipped_by_staff")


def test_the_jobs_run_to_their_end(enrolment: Enrolment) -> None:
    assert "failed" not in run_jobs()
