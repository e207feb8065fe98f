from __future__ import annotations

from datetime import date

import pytest

from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions, queries
from lianxin.patients.actions import PatientFacts
from lianxin.patients.models import Patient
from lianxin.patients.queries import PatientFilter
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.patients import make_patient

FACTS = PatientFacts(
    name="张桂兰",
    phone="138 1234 1234",
    inpatient="zy 2026 1107 086",
    sex=Patient.Sex.FEMALE,
    birth_on=date(1958, 3, 1),
)


def test_registering_seals_what_identifies_and_is_in_the_journal(
    in_riverside: Hospital, lin: Staff
) -> None:
    patient = actions.register_patient(in_riverside.pk, FACTS, by=lin)

    stored = bytes(patient.name_sealed) + bytes(patient.phone_sealed)
    assert "张桂兰".encode() not in stored
    face = queries.face_of(patient)
    assert (face.name, face.masked_name, face.phone_masked) == ("张桂兰", "张*兰", "138****1234")
    assert face.inpatient_masked == "****7086"
    event = Event.objects.get(name="patient.registered")
    assert (event.patient_id, event.by_kind, event.by_id) == (patient.pk, "staff", lin.pk)
    assert "张" not in str(event.data)


@pytest.mark.parametrize(
    "typed", ["张桂兰", "张 桂兰", "13812341234", "+86 138-1234-1234", "ZY-2026-1107-086"]
)
def test_a_patient_is_found_by_the_whole_name_phone_or_number(
    in_riverside: Hospital, lin: Staff, typed: str
) -> None:
    patient = actions.register_patient(in_riverside.pk, FACTS, by=lin)

    assert list(queries.list_patients(lin, PatientFilter(search=typed))) == [patient]


@pytest.mark.parametrize("typed", ["张", "张桂", "1381234", "086", "%"])
def test_parts_find_nobody(in_riverside: Hospital, lin: Staff, typed: str) -> None:
    actions.register_patient(in_riverside.pk, FACTS, by=lin)

    assert not queries.list_patients(lin, PatientFilter(search=typed)).exists()


def test_an_inpatient_number_is_given_once(in_riverside: Hospital, lin: Staff) -> None:
    actions.register_patient(in_riverside.pk, FACTS, by=lin)

    with pytest.raises(RefusedError, match="住院号"):
        actions.register_patient(in_riverside.pk, FACTS, by=lin)


def test_two_hospitals_may_use_the_same_number(
    riverside: Hospital, elsewhere: Hospital, lin: Staff, mallory: Staff
) -> None:
    with scope(riverside):
        ours = actions.register_patient(riverside.pk, FACTS, by=lin)
    with scope(elsewhere):
        theirs = actions.register_patient(elsewhere.pk, FACTS, by=mallory)

    # Nor can anybody tell from the index that it is the same person.
    assert bytes(ours.inpatient_blind or b"") != bytes(theirs.inpatient_blind or b"")


def test_other_hospitals_patients_do_not_exist(riverside: Hospital, mallory: Staff) -> None:
    patient = make_patient(riverside)

    with scope(mallory.hospital_id), pytest.raises(NotFoundError):
        queries.access_patient(mallory, patient.key)


def test_reviewers_may_neither_register_nor_list(in_riverside: Hospital, lin: Staff) -> None:
    lin.role = Staff.Role.REVIEWER

    with pytest.raises(ForbiddenError):
        actions.register_patient(in_riverside.pk, FACTS, by=lin)
    with pytest.raises(ForbiddenError):
        queries.list_patients(lin)


def test_correcting_writes_over_and_finds_by_the_new_words(
    in_riverside: Hospital, lin: Staff
) -> None:
    patient = actions.register_patient(in_riverside.pk, FACTS, by=lin)
    better = PatientFacts(name="张桂蓝", phone="13912345678", inpatient="ZY20261107086")

    actions.correct_patient(patient, better, by=lin)

    assert not queries.list_patients(lin, PatientFilter(search="张桂兰")).exists()
    assert list(queries.list_patients(lin, PatientFilter(search="张桂蓝"))) == [patient]
    assert Event.objects.filter(name="patient.corrected").count() == 1


def test_faces_cost_the_same_for_one_and_for_forty(in_riverside: Hospital) -> None:
    first = make_patient(in_riverside)
    with query_budget(2):
        queries.names_of(in_riverside.pk, [first.pk])
    others = [make_patient(in_riverside).pk for _ in range(39)]
    with query_budget(2):
        assert len(queries.names_of(in_riverside.pk, [first.pk, *others])) == 40


def test_the_timeline_shows_what_happened_newest_first(in_riverside: Hospital, lin: Staff) -> None:
    patient = actions.register_patient(in_riverside.pk, FACTS, by=lin)
    actions.tag_patient(patient, "老病友", by=lin, reason="manual", is_neutral=True)

    names = [event.name for event in queries.list_timeline(lin, patient)]
    assert names == ["patient.tagged", "patient.registered"]
    assert queries.tags_of(in_riverside.pk, [patient.pk]) == {patient.pk: ["老病友"]}
