from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from lianxin.compliance import actions, queries
from lianxin.compliance.models import Consent
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import Event, Hospital
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.compliance import grant
from lianxin.testing.patients import make_holder, make_holding, make_patient


@pytest.fixture
def patient(in_riverside: Hospital) -> Patient:
    return make_patient(in_riverside)


@pytest.fixture
def holder(patient: Patient) -> Holder:
    return make_holding(patient).holder


def granted(patient: Patient) -> frozenset[str]:
    return queries.consents_of(patient.hospital_id, [patient.pk])[patient.pk]


def test_a_yes_counts_at_once_and_proves_its_words(patient: Patient, holder: Holder) -> None:
    consent = actions.give_consent(patient, "reminders", by=holder, language="en")

    assert granted(patient) == {"reminders"}
    purpose = queries.find_purpose("reminders")
    assert purpose is not None
    assert bytes(consent.text_hash) == purpose.words("en").text_hash()
    event = Event.objects.get(name="consent.given")
    assert event.data == {"purpose": "reminders", "version": purpose.version}
    assert (event.by_kind, event.patient_id) == ("holder", patient.pk)


def test_withdrawing_counts_at_once_and_keeps_the_history(patient: Patient, holder: Holder) -> None:
    actions.give_consent(patient, "reminders", by=holder)
    actions.withdraw_consent(patient, "reminders", by=holder)

    assert granted(patient) == frozenset()
    decisions = list(queries.list_consent_history(patient).values_list("decision", flat=True))
    assert decisions == ["withdrawn", "granted"]
    assert Event.objects.filter(name="consent.withdrawn").count() == 1


def test_what_is_not_answered_is_written_as_no(patient: Patient, holder: Holder) -> None:
    actions.answer_questions(patient, {"health_records": True}, by=holder)

    assert granted(patient) == {"health_records"}
    rows = dict(Consent.objects.values_list("purpose", "decision"))
    assert rows["marketing"] == "refused"
    assert "research" not in rows  # not asked on the first visit


def test_the_database_keeps_every_answer(patient: Patient, holder: Holder) -> None:
    consent = actions.give_consent(patient, "reminders", by=holder)

    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(decision="refused")
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).delete()
    assert granted(patient) == {"reminders"}


def test_only_a_verified_holder_answers(patient: Patient, in_riverside: Hospital) -> None:
    stranger = make_holder(in_riverside)
    claiming = make_holding(patient, verified=False).holder

    for person in (stranger, claiming):
        with pytest.raises(NotFoundError):
            actions.give_consent(patient, "reminders", by=person)


def test_staff_write_for_the_patient_with_the_permission(patient: Patient, lin: Staff) -> None:
    consent = actions.give_consent(patient, "sms_phone", by=lin, source=Consent.Source.PAPER)

    assert (consent.by_kind, consent.by_id, consent.source) == ("staff", lin.pk, "paper")
    lin.role = Staff.Role.MANAGER
    with pytest.raises(ForbiddenError):
        actions.withdraw_consent(patient, "sms_phone", by=lin, source=Consent.Source.SPOKEN)


def test_an_unknown_purpose_does_not_exist(patient: Patient, holder: Holder) -> None:
    with pytest.raises(NotFoundError):
        actions.give_consent(patient, "everything", by=holder)


def test_consents_cost_one_query_for_any_number(in_riverside: Hospital) -> None:
    patients = [make_patient(in_riverside) for _ in range(5)]
    for patient in patients:
        grant(patient, "reminders", "health_records")

    with query_budget(1):
        found = queries.consents_of(in_riverside.pk, [patient.pk for patient in patients])
    assert all(found[patient.pk] == {"reminders", "health_records"} for patient in patients)


def test_health_data_needs_verification_consent_and_for_family_the_patients_word(
    patient: Patient, holder: Holder
) -> None:
    daughter = make_holding(patient, relation="family").holder
    assert not queries.may_see_health(holder, patient)

    actions.give_consent(patient, "health_records", by=holder)
    assert queries.may_see_health(holder, patient)
    assert not queries.may_see_health(daughter, patient)

    actions.give_consent(patient, "family_access", by=holder)
    assert queries.may_see_health(daughter, patient)
    actions.withdraw_consent(patient, "health_records", by=holder)
    assert not queries.may_see_health(holder, patient)


def test_a_daughter_alone_with_the_phone_needs_no_second_yes(in_riverside: Hospital) -> None:
    patient = make_patient(in_riverside)
    daughter = make_holding(patient, relation="family").holder

    actions.give_consent(patient, "health_records", by=daughter)

    assert queries.may_see_health(daughter, patient)
