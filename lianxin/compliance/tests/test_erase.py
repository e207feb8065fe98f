from __future__ import annotations

import json

import pytest
from django.db import connection

from lianxin.compliance import actions, queries
from lianxin.compliance.models import Erasure
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.keys import Keyring
from lianxin.core.models import DataKey, Event, Hospital
from lianxin.patients import actions as patient_actions
from lianxin.patients import queries as patients
from lianxin.patients.models import HolderAddress, HolderSession, Patient
from lianxin.patients.queries import PatientFilter
from lianxin.staff.models import Staff
from lianxin.testing.compliance import grant
from lianxin.testing.patients import make_holder, make_holding, make_patient

NAME, PHONE, NUMBER = "张桂兰", "13812341234", "ZY20261107086"


@pytest.fixture
def patient(in_riverside: Hospital) -> Patient:
    return make_patient(in_riverside, name=NAME, phone=PHONE, inpatient=NUMBER)


def everything_readable(hospital: Hospital) -> str:
    """Dump each row that mentions the patient, sealed columns opened where a key still opens."""
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        dumps = []
        for table in tables:
            if not table.startswith(("patients_", "compliance_", "core_")):
                continue
            cursor.execute(f"select to_jsonb(t)::text from {table} t")
            dumps += [row[0] for row in cursor.fetchall()]
    return json.dumps(dumps, ensure_ascii=False)


def test_after_erasure_nobody_can_read_and_the_journal_still_proves(
    in_riverside: Hospital, patient: Patient, admin: Staff, lin: Staff
) -> None:
    holder = make_holding(patient).holder
    patient_actions.open_session(holder)
    grant(patient, "reminders")
    journal_before = Event.objects.filter(patient_id=patient.pk).count()
    sealed = bytes(patient.name_sealed)

    erasure = actions.erase_patient(patient, by=admin, reason="patient_asked")

    assert erasure.outcome == "restricted"
    face = patients.face_of(patient)
    assert face.is_gone
    assert (face.name, face.phone_masked, face.inpatient_masked, face.age) == (
        "资料已删除",
        "",
        "",
        None,
    )
    ring = Keyring.load(in_riverside.pk, [("patient", patient.pk)])
    assert ring.open(("patient", patient.pk), "engagement", sealed, field="patients.name") is None
    for typed in (NAME, PHONE, NUMBER):
        for standing in ("", "closed"):
            wanted = PatientFilter(search=typed, standing=standing)
            assert not patients.list_patients(lin, wanted).exists()
    readable = everything_readable(in_riverside)
    assert all(word not in readable for word in (NAME, PHONE, NUMBER))
    # What happened stays provable, without whom it concerned.
    names = set(Event.objects.filter(patient_id=patient.pk).values_list("name", flat=True))
    assert {"patient.registered", "consent.given", "patient.erased"} <= names
    assert Event.objects.filter(patient_id=patient.pk).count() > journal_before


def test_erasing_stops_everything_and_shuts_the_phone(
    in_riverside: Hospital, patient: Patient, admin: Staff
) -> None:
    holder = make_holding(patient).holder
    patient_actions.open_session(holder)

    actions.erase_patient(patient, by=admin, reason="consent_withdrawn")

    assert patients.is_stopped(in_riverside.pk, patient.pk)
    assert patients.patients_of(holder) == []
    assert patients.addresses_of(patient) == []
    assert not HolderSession.objects.exists()
    (link,) = HolderAddress.objects.filter(holder=holder).select_related("address")
    assert link.address.external_id.startswith("erased:")
    keys = DataKey.objects.filter(subject="holder", subject_id=holder.pk, retention="engagement")
    assert not keys.filter(destroyed_at=None).exists()


def test_a_holder_of_somebody_else_keeps_the_phone(
    in_riverside: Hospital, patient: Patient, admin: Staff
) -> None:
    daughter = make_holder(in_riverside)
    child = make_patient(in_riverside)
    make_holding(patient, daughter, relation="family")
    make_holding(child, daughter, relation="family")
    patient_actions.open_session(daughter)

    actions.erase_patient(patient, by=admin, reason="guardian_asked")

    assert [held.patient for held in patients.patients_of(daughter)] == [child]
    assert HolderSession.objects.count() == 1


@pytest.mark.parametrize(
    ("number", "outcome", "record_key_lives"),
    # An inpatient's record is kept by law; a mere contact leaves nothing.
    [(NUMBER, "restricted", True), ("", "erased", False)],
)
def test_what_the_law_keeps_stays_restricted(
    in_riverside: Hospital, admin: Staff, number: str, outcome: str, record_key_lives: bool
) -> None:
    patient = make_patient(in_riverside, inpatient=number)

    actions.erase_patient(patient, by=admin, reason="patient_asked")

    patient.refresh_from_db()
    assert patient.state == outcome
    record = DataKey.objects.get(subject="patient", subject_id=patient.pk, retention="record")
    assert (record.wrapped is not None) is record_key_lives


def test_erasing_needs_the_permission_a_reason_and_happens_once(
    patient: Patient, lin: Staff, admin: Staff
) -> None:
    with pytest.raises(ForbiddenError):
        actions.erase_patient(patient, by=lin, reason="patient_asked")
    with pytest.raises(RefusedError, match="原因"):
        actions.erase_patient(patient, by=admin, reason="because")
    actions.erase_patient(patient, by=admin, reason="patient_asked")
    with pytest.raises(RefusedError, match="已经删除"):
        actions.erase_patient(patient, by=admin, reason="patient_asked")
    assert Erasure.objects.count() == 1


def test_nothing_is_written_about_a_forgotten_patient(
    patient: Patient, admin: Staff, lin: Staff
) -> None:
    actions.erase_patient(patient, by=admin, reason="patient_asked")
    patient.refresh_from_db()

    with pytest.raises(RefusedError):
        grant(patient, "reminders")
    with pytest.raises(RefusedError):
        patient_actions.record_life_event(patient, "death", by=lin)
    with pytest.raises(RefusedError):
        patient_actions.correct_patient(
            patient, patient_actions.PatientFacts(name="张桂兰"), by=lin
        )


def test_the_plan_says_beforehand_what_happens(patient: Patient, admin: Staff) -> None:
    make_holding(patient)
    plan = queries.plan_erasure(admin, patient)

    assert plan.outcome == "restricted"
    assert plan.phones == 1
    assert plan.journal_lines >= 2
    assert "patients.Patient.name_sealed" in plan.unreadable
    assert "patients.Patient.name_blind" in plan.cleared
    assert "patients.Patient.inpatient_sealed" in plan.restricted
