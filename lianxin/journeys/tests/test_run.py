from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lianxin.content.catalogue import list_articles
from lianxin.core.models import Event, Hospital
from lianxin.health.models import Medication
from lianxin.journeys import actions
from lianxin.journeys.models import DueStep, Enrolment, Journey
from lianxin.outreach.models import Card, Intent
from lianxin.tasks.models import StaffTask
from lianxin.testing.content import make_published
from lianxin.testing.journeys import make_discharge_journey, make_enrolment, make_journey, run_due

MORNING = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)  # 07:00 in Shanghai
NINE = MORNING + timedelta(hours=2)
ONE = MORNING + timedelta(hours=6)
TODAY = date(2026, 11, 22)


@pytest.fixture
def journey(in_riverside: Hospital) -> Journey:
    return make_journey(in_riverside)


def enrol(journey: Journey) -> Enrolment:
    with time_machine.travel(MORNING, tick=False):
        return make_enrolment(journey, discharged_on=TODAY)


def run(journey: Journey, at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        run_due(journey.hospital_id)


def test_what_is_due_together_is_one_card_and_one_announcement(journey: Journey) -> None:
    enrolment = enrol(journey)

    run(journey, NINE)

    card = Card.objects.get()
    assert (card.patient_id, card.on, card.slot) == (enrolment.patient_id, TODAY, "morning")
    assert set(card.items) == {"measure_bp", "pills"}
    intent = Intent.objects.get()
    assert (intent.kind, intent.subject_id) == ("card", card.pk)
    assert DueStep.objects.filter(state="done").count() == 2
    assert Event.objects.get(name="journey.steps_run").data["done"] == 2


def test_running_again_does_nothing_twice(journey: Journey) -> None:
    enrol(journey)
    run(journey, NINE)

    run(journey, NINE + timedelta(seconds=5))

    assert (Card.objects.count(), Intent.objects.count()) == (1, 1)
    assert Event.objects.filter(name="journey.steps_run").count() == 1


def test_before_its_time_nothing_runs(journey: Journey) -> None:
    enrol(journey)

    run(journey, NINE - timedelta(minutes=31))

    assert not Card.objects.exists()


def test_a_worker_that_was_down_for_an_hour_catches_up(journey: Journey) -> None:
    enrol(journey)

    run(journey, NINE + timedelta(hours=2))

    assert Card.objects.get().slot == "morning"


def test_after_the_window_it_is_missed_with_the_reason(journey: Journey) -> None:
    enrolment = enrol(journey)

    run(journey, ONE)

    missed = DueStep.objects.filter(state="missed")
    assert set(missed.values_list("reason", flat=True)) == {"worker_late"}
    assert not Card.objects.exists()
    assert (
        Event.objects.filter(name="journey.step_missed", patient_id=enrolment.patient_id).count()
        == 2
    )


def test_a_stale_row_is_harmless(journey: Journey) -> None:
    enrolment = enrol(journey)
    Enrolment.objects.filter(pk=enrolment.pk).update(revision=2)

    run(journey, NINE)

    assert not Card.objects.exists()
    assert set(DueStep.objects.exclude(state="due").values_list("state", "reason")) == {
        ("cancelled", "schedule_changed")
    }


def test_unpublished_content_is_missed_and_the_rest_goes_on(in_riverside: Hospital) -> None:
    journey = make_discharge_journey(in_riverside)
    enrol(journey)

    run(journey, MORNING + timedelta(hours=4))

    guide = DueStep.objects.get(step_key="guide")
    assert (guide.state, guide.reason) == ("missed", "content_not_published")
    assert Card.objects.get().slot == "morning"


def test_the_guide_waits_on_the_page_without_an_announcement_of_its_own(
    in_riverside: Hospital,
) -> None:
    item = make_published(in_riverside, code="discharge-guide")
    journey = make_discharge_journey(in_riverside)
    enrol(journey)

    run(journey, MORNING + timedelta(hours=4))

    card = Card.objects.get()
    assert set(card.items) == {"measure_bp", "pills", f"read:{item.key}"}
    assert list(Intent.objects.values_list("kind", flat=True)) == ["card"]


def test_the_seventh_day_brings_the_nurses_call(in_riverside: Hospital) -> None:
    journey = make_discharge_journey(in_riverside)
    with time_machine.travel(MORNING + timedelta(days=7), tick=False):
        make_enrolment(journey, discharged_on=TODAY)

    run(journey, MORNING + timedelta(days=7, hours=3))
    run(journey, MORNING + timedelta(days=7, hours=3, seconds=5))

    assert DueStep.objects.get(step_key="call-7").state == "done"
    task = StaffTask.objects.get()
    assert (task.kind, task.reason_code, task.state) == ("call", "follow_up_call", "open")
    assert "ask_nurse" in Card.objects.get().items


def count_queries(journey: Journey) -> int:
    with time_machine.travel(NINE, tick=False), CaptureQueriesContext(connection) as captured:
        assert actions.run_due_batch(journey.hospital_id)
    return len(captured)


def test_one_patient_and_ten_cost_the_same_queries(journey: Journey) -> None:
    enrol(journey)
    run(journey, NINE)
    enrol(journey)
    for_one = count_queries(journey)
    for _ in range(10):
        enrol(journey)

    assert count_queries(journey) == for_one
    assert for_one <= 20


def test_a_step_that_breaks_is_put_aside_and_the_others_run(journey: Journey) -> None:
    """A row whose step the version does not know stands for any mistake in one row."""
    broken, good = enrol(journey), enrol(journey)
    first = DueStep.objects.filter(enrolment=broken, occurrence_on=TODAY)
    first.filter(step_key="measure-bp-morning").update(step_key="unknown")

    for minute in (0, 3, 8):
        run(journey, NINE + timedelta(minutes=minute))

    failed = DueStep.objects.get(state="failed")
    assert (failed.enrolment_id, failed.attempt_count) == (broken.pk, 3)
    assert set(Card.objects.get(patient_id=good.patient_id).items) == {"measure_bp", "pills"}
    assert Card.objects.get(patient_id=broken.patient_id).items == ["pills"]


def test_every_code_of_the_template_has_its_article() -> None:
    codes = {article["code"] for article in list_articles()}

    assert codes == {"discharge-guide", "home-blood-pressure", "medicines-as-prescribed"}


def test_nobody_is_asked_about_medicines_that_nobody_wrote_down(journey: Journey) -> None:
    enrolment = enrol(journey)
    Medication.objects.filter(patient_id=enrolment.patient_id).update(slots=["evening"])

    run(journey, NINE)

    assert Card.objects.get().items == ["measure_bp"]
    skipped = DueStep.objects.get(enrolment=enrolment, state="skipped")
    assert (skipped.step_key, skipped.reason) == ("pills-morning", "no_medicines")
