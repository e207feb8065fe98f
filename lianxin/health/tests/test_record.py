from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from lianxin.core import time
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.health import queries
from lianxin.health.actions import (
    Recorded,
    approve_row,
    correct_reading,
    load_clinical_rows,
    record_reading,
    withdraw_reading,
)
from lianxin.health.models import Alert, ClinicalRow, Observation, ObservationKey
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.health import make_reading, make_week
from lianxin.testing.patients import make_holder, make_patient


def log(patient: Patient, by: Holder, systolic: float, diastolic: float, key: str = "") -> Recorded:
    with scope(patient.hospital_id):
        return record_reading(
            patient,
            "bp",
            {"systolic": systolic, "diastolic": diastolic},
            by=by,
            client_key=key,
        )


def test_a_reading_is_saved_with_its_slot_and_told(chen: Patient, phone: Holder) -> None:
    recorded = log(chen, phone, 138, 86)

    with scope(chen.hospital_id):
        saved = Observation.objects.get(patient=chen)
        event = Event.objects.get(name="observation.recorded")
    assert (saved.value, saved.value_2, saved.slot) == (138, 86, "morning")
    assert recorded.alerts == ()
    assert (event.patient_id, event.by_kind, event.data["metric"]) == (chen.pk, "holder", "bp")


def test_sent_twice_is_saved_once(chen: Patient, phone: Holder) -> None:
    first = log(chen, phone, 185, 112, "k1")
    again = log(chen, phone, 185, 112, "k1")

    with scope(chen.hospital_id):
        assert Observation.objects.filter(patient=chen).count() == 1
        assert ObservationKey.objects.count() == 1
    assert again.is_repeat
    assert [a.pk for a in again.alerts] == [a.pk for a in first.alerts]


def test_doubtful_numbers_are_not_saved(chen: Patient, phone: Holder) -> None:
    recorded = log(chen, phone, 86, 138)

    assert not recorded.is_saved
    assert recorded.verdict.hints[0].code == "swap"
    with scope(chen.hospital_id):
        assert not Observation.objects.exists()


def test_a_narrow_pressure_is_saved_when_insisted(chen: Patient, phone: Holder) -> None:
    with scope(chen.hospital_id):
        recorded = record_reading(
            chen, "bp", {"systolic": 95, "diastolic": 88}, by=phone, is_insisted=True
        )

    assert recorded.observation is not None
    assert recorded.observation.is_insisted


def test_a_correction_keeps_the_old_value(chen: Patient, phone: Holder) -> None:
    wrong = log(chen, phone, 183, 86).observation
    assert wrong is not None
    with scope(chen.hospital_id):
        correct_reading(chen, wrong, {"systolic": 138, "diastolic": 86}, by=phone)
        rows = {row.value: row.state for row in Observation.objects.filter(patient=chen)}
        last = queries.find_last_reading(queries.load_book(chen.hospital_id), chen, "bp")

    assert rows == {183: "amended", 138: "final"}
    assert last is not None
    assert last.values["systolic"] == 138


def test_a_withdrawn_reading_counts_no_more(chen: Patient, phone: Holder) -> None:
    wrong = log(chen, phone, 138, 86).observation
    assert wrong is not None
    with scope(chen.hospital_id):
        withdraw_reading(chen, wrong, by=phone)
        with pytest.raises(RefusedError):
            withdraw_reading(chen, wrong, by=phone)
        book = queries.load_book(chen.hospital_id)
        assert queries.find_last_reading(book, chen, "bp") is None
        assert Observation.objects.get(patient=chen).state == "entered_in_error"


def test_without_consent_or_holding_nothing_is_kept(ward: Hospital, chen: Patient) -> None:
    stranger = make_holder(ward)

    with pytest.raises(ForbiddenError):
        log(chen, stranger, 138, 86)


def test_a_time_that_has_not_come_is_refused(chen: Patient) -> None:
    with pytest.raises(RefusedError, match="还没有到"):
        make_reading(chen, 130, 80, at=time.now() + timedelta(hours=1))


def test_a_week_above_the_goal_raises_one_yellow_alert(chen: Patient) -> None:
    make_week(chen, 138, 86)
    make_reading(chen, 136, 85)
    make_reading(chen, 136, 85, at=time.now() + timedelta(minutes=1))

    with scope(chen.hospital_id):
        alert = Alert.objects.get(patient=chen)
    assert (alert.rule_code, alert.level, alert.state) == ("BP-01", "yellow", "open")


def test_an_old_red_value_is_yellow(chen: Patient) -> None:
    recorded = make_reading(chen, 190, 115, at=time.now() - timedelta(hours=30))

    assert [(a.level, a.state, a.call_120) for a in recorded.alerts] == [("yellow", "open", False)]


def test_rows_act_only_after_a_doctor_approved_them(
    riverside: Hospital, lin: Staff, zhou: Staff, clock: time_machine.Traveller
) -> None:
    patient = make_patient(riverside)
    with scope(riverside):
        count = load_clinical_rows(riverside, by=lin)
        with pytest.raises(RefusedError, match="还没有审核"):
            queries.load_book(riverside.pk)
        assert load_clinical_rows(riverside, by=zhou) == 0
        ClinicalRow.objects.update(approved_by=zhou, approved_at=time.now())
        assert len(queries.load_book(riverside.pk).rules) > 10
        assert ClinicalRow.objects.count() == count
    make_reading(patient, 130, 80)


def test_a_newer_version_acts_from_its_approval_on(chen: Patient, zhou: Staff) -> None:
    with scope(chen.hospital_id):
        old = ClinicalRow.objects.get(kind="rule", code="BP-05")
        newer = ClinicalRow.objects.create(
            hospital_id=chen.hospital_id,
            kind="rule",
            code="BP-05",
            version=old.version + 1,
            body=old.body,
            mark=old.mark,
            source="测试来源",
        )
        before = queries.load_book(chen.hospital_id).rule("BP-05")
        approve_row(newer, by=zhou)
        after = queries.load_book(chen.hospital_id).rule("BP-05")

    assert before is not None
    assert after is not None
    assert (before.version, after.version) == (old.version, old.version + 1)


def test_another_hospital_sees_neither_readings_nor_alerts(
    chen: Patient, phone: Holder, elsewhere: Hospital
) -> None:
    log(chen, phone, 185, 112)

    with scope(elsewhere):
        assert not Observation.objects.exists()
        assert not Alert.objects.exists()
        assert not ClinicalRow.objects.exists()
