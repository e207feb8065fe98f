"""What patients do anywhere ticks off the card that asked for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.journeys import jobs
from lianxin.outreach.actions import CardDraft, put_cards
from lianxin.outreach.models import Card
from lianxin.patients.models import Patient
from lianxin.testing.content import make_published
from lianxin.testing.patients import make_patient

MORNING = datetime(2026, 11, 24, 0, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("in_riverside")


def make_card(patient: Patient, *items: str) -> Card:
    draft = CardDraft(patient.pk, time.today(patient.hospital), "morning", items)
    by = SystemActor(patient.hospital_id)
    [card] = put_cards(patient.hospital_id, [draft], by=by, announce=False)
    return card


def hear(patient: Patient, name: str, **data: object) -> None:
    event = {
        "name": name,
        "patient_id": patient.pk,
        "at": time.now().isoformat(),
        "data": data,
    }
    jobs.tick_cards(hospital_id=patient.hospital_id, events=[event, event])


@time_machine.travel(MORNING, tick=False)
def test_readings_pills_and_reading_finish_a_card(riverside: Hospital) -> None:
    patient, item = make_patient(riverside), make_published(riverside)
    card = make_card(patient, "measure_bp", "pills", f"read:{item.key}")

    hear(patient, "observation.recorded", metric="bp")
    hear(patient, "content.opened", item_id=item.pk, delivery_key="")
    card.refresh_from_db()
    assert card.done_items == ["measure_bp", f"read:{item.key}"]

    hear(patient, "doses.ticked", on="2026-11-24", slot="morning")
    card.refresh_from_db()
    assert card.state == Card.State.DONE


@time_machine.travel(MORNING, tick=False)
def test_what_was_done_for_another_time_leaves_this_card(riverside: Hospital) -> None:
    patient = make_patient(riverside)
    card = make_card(patient, "measure_bp", "pills")

    hear(patient, "observation.recorded", metric="bp", measured_at="2026-11-23T20:00:00+08:00")
    hear(patient, "doses.ticked", on="2026-11-23", slot="morning")
    hear(patient, "doses.ticked", on="2026-11-24", slot="noon")

    card.refresh_from_db()
    assert card.done_items == []


@time_machine.travel(MORNING, tick=False)
def test_another_metric_and_an_unknown_patient_tick_nothing(riverside: Hospital) -> None:
    patient = make_patient(riverside)
    card = make_card(patient, "measure_bp")

    hear(patient, "observation.recorded", metric="weight")
    hear(Patient(pk=None, hospital=riverside), "content.opened", item_id=987654)

    card.refresh_from_db()
    assert card.done_items == []
