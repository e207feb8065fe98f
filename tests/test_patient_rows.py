"""Two rows for one person: everything in the house moves to one, and back exactly as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import Model

from lianxin.compliance import actions as compliance
from lianxin.compliance.models import Consent
from lianxin.compliance.queries import consents_of
from lianxin.compliance.registry import personal_fields
from lianxin.conversations.models import Thread
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.health.actions import set_flags
from lianxin.health.models import HealthProfile, Observation
from lianxin.health.queries.medicines import facts_of, load_intake
from lianxin.journeys import actions as journeys
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.outreach import actions as outreach
from lianxin.outreach.models import Card, Intent
from lianxin.outreach.sealing import BODY_FIELD, open_text
from lianxin.patients import actions, queries, sealing
from lianxin.patients.models import LifeEvent, Patient, PatientMerge
from lianxin.patients.registry import PatientRows, merge_plan
from lianxin.staff.models import Staff
from lianxin.tasks.actions import finish_try
from lianxin.tasks.models import StaffTask
from lianxin.tasks.queries import note_of
from lianxin.testing.compliance import grant
from lianxin.testing.conversations import make_web_message
from lianxin.testing.health import approve_rows, make_medicine, make_reading
from lianxin.testing.journeys import make_journey, make_ready_patient
from lianxin.testing.outreach import Reachable, make_intent, make_reachable
from lianxin.testing.patients import make_holder, make_holding, make_patient
from lianxin.testing.staff import make_staff
from lianxin.testing.tasks import make_task

Snapshot = dict[str, set[tuple[Any, ...]]]


def test_every_relation_to_a_patient_is_registered_and_nothing_else() -> None:
    relations = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if field.related_model is Patient
    }
    names = [rows.name for rows in merge_plan().rows]

    assert set(names) == relations
    assert len(names) == len(relations)


def test_every_text_under_the_patients_key_is_sealed_anew_when_its_row_moves() -> None:
    registered = {
        (rows.model, one.column, one.retention)
        for rows in merge_plan().rows
        for one in rows.sealed
        if not rows.stays
    }
    wanted = {
        (field.model, field.column, field.retention)
        for field in personal_fields()
        if field.key == "patient" and field.model != "patients.Patient"
    }

    assert registered == wanted


def take_snapshot() -> Snapshot:
    """Return whom each row of the house belongs to, and every value that a merge may change."""
    found: Snapshot = {}
    for rows in merge_plan().rows:
        if rows.model in {"patients.PatientMerge", "compliance.Consent"}:
            continue
        columns = ["id", f"{rows.column}_id", *values_of(rows)]
        found[rows.name] = {
            tuple(map(str, row)) for row in model_of(rows).objects.values_list(*columns)
        }
    return found


def values_of(rows: PatientRows) -> list[str]:
    names = {field.name for field in model_of(rows)._meta.fields}
    watched = ("state", "unique_key", "items", "flags", "stopped_at", "birth_on", "reason_code")
    return [name for name in watched if name in names]


def model_of(rows: PatientRows) -> type[Any]:
    model: type[Model] = apps.get_model(rows.model)
    return model


def fill(hospital: Hospital, lin: Staff) -> Patient:
    """Make a patient of whom every room knows something."""
    made: Reachable = make_reachable(hospital, consents=("reminders", "health_records"))
    patient = made.patient
    make_medicine(patient)
    make_reading(patient, 138, 86)
    make_web_message(made.holder)
    make_intent(made, "message", body="周三上午请来复诊。")
    task = make_task(hospital, patient=patient)
    with scope(hospital):
        finish_try(task, "no_answer", note="响铃未接", by=lin)
        set_flags(patient, ["hypertension"], by=lin)
        actions.tag_patient(patient, f"标签{patient.pk}", by=lin, reason="manual")
        outreach.put_cards(
            hospital.pk,
            [
                outreach.CardDraft(
                    patient_id=patient.pk, on=time.today(hospital), slot=slot, items=(item,)
                )
                for slot, item in (("morning", "pills"), ("evening", f"read:{patient.pk}"))
            ],
            by=SystemActor(hospital.pk),
        )
    return patient


def test_everything_moves_and_comes_back_exactly(
    riverside: Hospital, lin: Staff, zhou: Staff
) -> None:
    approve_rows(riverside, zhou)
    keep, duplicate = fill(riverside, lin), fill(riverside, lin)
    with scope(riverside):
        before = take_snapshot()

        merge = actions.merge_patients(keep, duplicate, by=lin)

        assert Observation.objects.filter(patient=keep).count() == 2
        assert not Observation.objects.filter(patient=duplicate).exists()
        assert Thread.objects.filter(patient=keep).count() == 2
        assert texts_of(riverside, keep) == {"测试药", "响铃未接", "周三上午请来复诊。"}
        assert len(merge.moved["rows"]["health.Medication.patient"]) == 1
        late = make_task(riverside, patient=keep)

        actions.undo_merge(merge, by=lin)

        late_row = (str(late.pk), str(keep.pk))
        after = take_snapshot()
        after["tasks.StaffTask.patient"] -= {
            row for row in after["tasks.StaffTask.patient"] if row[:2] == late_row
        }
        assert after == before
        for patient in (keep, duplicate):
            assert texts_of(riverside, patient) == {"测试药", "响铃未接", "周三上午请来复诊。"}


def texts_of(hospital: Hospital, patient: Patient) -> set[str]:
    """Open every sealed text of a patient as her pages do."""
    today = time.today(hospital)
    intake = load_intake(patient, today - timedelta(days=1), today)
    ring = sealing.ring_of(hospital.pk, [patient.pk])
    found = {medicine.name for medicine in facts_of(patient, intake, ring)}
    found |= {note_of(task) for task in StaffTask.objects.filter(patient=patient)}
    for intent in Intent.objects.filter(patient=patient).exclude(body_sealed=b""):
        subject = ("patient", patient.pk)
        found.add(open_text(ring, subject, bytes(intent.body_sealed), field=BODY_FIELD))
    return found - {""}


def test_nobody_is_on_one_journey_twice_and_each_step_comes_once(
    riverside: Hospital, lin: Staff
) -> None:
    journey = make_journey(riverside)
    keep, duplicate = make_ready_patient(riverside), make_ready_patient(riverside)
    with scope(riverside):
        own, other = (
            journeys.enrol_patient(journey, patient, by=lin) for patient in (keep, duplicate)
        )

        merge = actions.merge_patients(keep, duplicate, by=lin)

        running = Enrolment.objects.filter(state="active")
        assert [row.pk for row in running] == [own.pk]
        due = DueStep.objects.filter(state="due")
        assert set(due.values_list("enrolment_id", flat=True)) == {own.pk}

        actions.undo_merge(merge, by=lin)

        assert set(running.values_list("pk", flat=True)) == {own.pk, other.pk}
        assert due.filter(patient=duplicate, enrolment=other).exists()


def test_a_card_is_announced_once_and_asks_for_everything(riverside: Hospital, lin: Staff) -> None:
    keep, duplicate = make_ready_patient(riverside), make_ready_patient(riverside)
    today, by = time.today(riverside), SystemActor(riverside.pk)
    both = (("evening", keep, "pills"), ("evening", duplicate, "measure_bp"))
    with scope(riverside):
        tomorrow = today + timedelta(days=1)
        for slot, patient, item in (*both, ("morning", duplicate, "pills")):
            draft = outreach.CardDraft(patient_id=patient.pk, on=tomorrow, slot=slot, items=(item,))
            outreach.put_cards(riverside.pk, [draft], by=by)

        actions.merge_patients(keep, duplicate, by=lin)
        again = outreach.CardDraft(
            patient_id=keep.pk, on=tomorrow, slot="morning", items=("measure_bp",)
        )
        outreach.put_cards(riverside.pk, [again], by=by)

        cards = {card.slot: card for card in Card.objects.filter(patient=keep)}
        assert cards["evening"].items == ["pills", "measure_bp"]
        assert cards["morning"].items == ["pills", "measure_bp"]
        asked = Intent.objects.filter(kind="card", state="pending")
        subjects = list(asked.values_list("subject_id", flat=True))
        assert len(subjects) == 2
        assert set(subjects) == {card.pk for card in cards.values()}


def test_a_page_that_both_rows_were_to_be_sent_is_sent_once(
    riverside: Hospital, lin: Staff
) -> None:
    one, other = make_reachable(riverside), make_reachable(riverside)
    intents = [make_intent(who, "content", path="/p/read/abc/") for who in (one, other)]
    reply = make_intent(other, "reply")
    with scope(riverside):
        merge = actions.merge_patients(one.patient, other.patient, by=lin)

        pending = Intent.objects.filter(state="pending").order_by("pk")
        assert [row.pk for row in pending] == [intents[0].pk, reply.pk]

        actions.undo_merge(merge, by=lin)
        assert pending.all().count() == 3


def test_a_no_of_either_row_holds_and_a_yes_counts_where_nobody_asked(
    riverside: Hospital, lin: Staff
) -> None:
    keep, duplicate = make_patient(riverside), make_patient(riverside)
    grant(keep, "reminders", "health_records")
    grant(duplicate, "reminders", "family_access")
    with scope(riverside):
        paper = Consent.Source.PAPER
        compliance.withdraw_consent(duplicate, "reminders", by=lin, source=paper)
        grant(keep, "reminders")

        merge = actions.merge_patients(keep, duplicate, by=lin)

        standing = consents_of(riverside.pk, [keep.pk])[keep.pk]
        assert standing == {"health_records", "family_access"}
        compliance.give_consent(keep, "family_access", by=lin, source=paper)

        actions.undo_merge(merge, by=lin)

        # What was answered since then stays with the one who was kept.
        apart = consents_of(riverside.pk, [keep.pk, duplicate.pk])
        assert apart[keep.pk] == {"health_records", "reminders", "family_access"}
        assert apart[duplicate.pk] == {"family_access"}


def test_a_stop_of_either_row_stops_both_and_a_profile_loses_no_flag(
    riverside: Hospital, lin: Staff, zhou: Staff
) -> None:
    keep = make_patient(riverside, birth_on=None)
    duplicate = make_patient(riverside)
    with scope(riverside):
        set_flags(keep, ["diabetes"], by=zhou)
        set_flags(duplicate, ["stroke"], by=zhou)
        actions.record_life_event(duplicate, "refusal", by=lin, note="家属电话告知")

        merge = actions.merge_patients(keep, duplicate, by=lin)

        assert (keep.stop_reason, keep.birth_on) == ("refusal", duplicate.birth_on)
        assert HealthProfile.objects.get(patient=keep).flags == ["diabetes", "stroke"]
        event = LifeEvent.objects.get(patient=keep)
        ring = sealing.ring_of(riverside.pk, [keep.pk])
        assert sealing.open_note(ring, event) == "家属电话告知"

        actions.undo_merge(merge, by=lin)

        keep.refresh_from_db()
        assert (keep.stop_reason, keep.stopped_at, keep.birth_on) == ("", None, None)
        assert HealthProfile.objects.get(patient=keep).flags == ["diabetes"]


def test_what_was_written_while_the_merge_went_on_follows_and_may_run_twice(
    riverside: Hospital, lin: Staff
) -> None:
    keep, duplicate = make_patient(riverside), make_patient(riverside)
    with scope(riverside):
        merge = actions.merge_patients(keep, duplicate, by=lin)
        late = make_task(riverside, patient=duplicate)

        for _run in range(2):
            actions.gather_late_rows(merge, by=SystemActor(riverside.pk))

        late.refresh_from_db()
        assert late.patient == keep
        actions.undo_merge(PatientMerge.objects.get(pk=merge.pk), by=lin)
        late.refresh_from_db()
        assert late.patient == duplicate


def test_who_is_forgotten_is_forgotten_in_every_row(riverside: Hospital, lin: Staff) -> None:
    keep = make_patient(riverside, inpatient="")
    duplicate = make_patient(riverside)
    make_holding(duplicate, make_holder(riverside))
    officer = make_staff(riverside, role=Staff.Role.PRIVACY)
    with scope(riverside):
        merge = actions.merge_patients(keep, duplicate, by=lin)

        compliance.erase_patient(keep, by=officer, reason="patient_asked")

        for patient in (keep, duplicate):
            patient.refresh_from_db()
            assert patient.state == "restricted"
            assert patient.name_blind is None
            assert queries.face_of(patient).name == "资料已删除"
        assert not actions.gather_late_rows(merge, by=lin)
