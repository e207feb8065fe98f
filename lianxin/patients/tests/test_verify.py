from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from lianxin.core import time
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions, queries
from lianxin.patients.models import BedsideNumber, Holder, Holding, Patient, PhoneCode
from lianxin.staff.models import Staff
from lianxin.testing.patients import (
    make_holder,
    make_holding,
    make_patient,
    make_sms_account,
)

NAME, NUMBER = "张桂兰", "ZY20261107086"


@pytest.fixture
def patient(in_riverside: Hospital) -> Patient:
    make_sms_account(in_riverside)
    return make_patient(in_riverside, name=NAME, inpatient=NUMBER, phone="13812341234")


@pytest.fixture
def holder(in_riverside: Hospital) -> Holder:
    return make_holder(in_riverside)


def ask(holder: Holder, *, name: str = NAME, number: str = NUMBER) -> PhoneCode:
    return actions.send_phone_code(holder, inpatient=number, name=name, relation="self")


def digits_of(code: PhoneCode) -> str:
    """Do what the job does before the network, and read the code."""
    to_send = actions.prepare_phone_code(code.hospital_id, code.pk)
    assert to_send is not None
    actions.settle_phone_code(code.hospital_id, code.pk, sent=True)
    return to_send.digits


def test_number_name_and_code_open_the_door(patient: Patient, holder: Holder) -> None:
    code = ask(holder, name="张 桂兰", number="zy-2026-1107-086")
    assert queries.find_current_patient(holder) is None

    holding = actions.verify_by_code(holder, digits_of(code))

    assert holding is not None
    assert (holding.state, holding.verified_how) == ("verified", "code")
    assert queries.find_current_patient(holder) == patient
    event = Event.objects.get(name="patient.verified")
    assert (event.patient_id, event.by_kind, event.by_id) == (patient.pk, "holder", holder.pk)
    assert event.data["holder_id"] == holder.pk


def test_the_text_goes_to_the_registered_phone(patient: Patient, holder: Holder) -> None:
    code = ask(holder)
    to_send = actions.prepare_phone_code(code.hospital_id, code.pk)

    assert to_send is not None
    assert to_send.phone == "13812341234"
    # Neither number nor digits may reach a log line.
    assert "13812341234" not in repr(to_send)
    assert to_send.digits not in repr(to_send)


@pytest.mark.parametrize(
    ("name", "number"), [("李四", NUMBER), (NAME, "ZY00000000"), ("", ""), (NAME, "?")]
)
def test_a_wrong_claim_looks_the_same_and_sends_nothing(
    patient: Patient, holder: Holder, name: str, number: str
) -> None:
    code = ask(holder, name=name, number=number)

    assert actions.prepare_phone_code(code.hospital_id, code.pk) is None
    assert Event.objects.filter(name="holder.code_asked").count() == 1
    assert not Holding.objects.exists()
    assert actions.verify_by_code(holder, "123456") is None


def test_five_wrong_codes_close_it_even_for_the_right_one(patient: Patient, holder: Holder) -> None:
    code = ask(holder)
    digits = digits_of(code)
    wrong = "000000" if digits != "000000" else "111111"

    for _ in range(5):
        assert actions.verify_by_code(holder, wrong) is None
    assert actions.verify_by_code(holder, digits) is None
    code.refresh_from_db()
    assert code.attempts == 5


def test_a_code_is_good_for_ten_minutes_and_once(patient: Patient, holder: Holder) -> None:
    code = ask(holder)
    digits = digits_of(code)

    with time_machine.travel(time.now() + timedelta(minutes=10, seconds=1)):
        assert actions.verify_by_code(holder, digits) is None
    assert actions.verify_by_code(holder, digits) is not None
    assert actions.verify_by_code(holder, digits) is None


def test_another_phone_cannot_use_the_code(
    patient: Patient, holder: Holder, in_riverside: Hospital
) -> None:
    digits = digits_of(ask(holder))

    assert actions.verify_by_code(make_holder(in_riverside), digits) is None


def test_codes_are_not_sent_without_end(patient: Patient, holder: Holder) -> None:
    start = time.now()
    ask(holder)

    with pytest.raises(RefusedError, match="秒"):
        ask(holder)
    for hour in range(1, 5):
        with time_machine.travel(start + timedelta(hours=hour), tick=False):
            ask(holder)
    with (
        time_machine.travel(start + timedelta(hours=6), tick=False),
        pytest.raises(RefusedError, match="床旁"),
    ):
        ask(holder)


def test_many_phones_cannot_flood_one_patient(patient: Patient, in_riverside: Hospital) -> None:
    start = time.now()
    sent = 0
    for minute in range(0, 20, 2):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            code = ask(make_holder(in_riverside))
            sent += actions.prepare_phone_code(code.hospital_id, code.pk) is not None

    assert sent == 5


def test_the_nurse_binds_the_phone_that_shows_the_number(
    patient: Patient, holder: Holder, lin: Staff
) -> None:
    number = actions.show_bedside_number(holder, "family")
    assert actions.show_bedside_number(holder, "family") == number

    holding = actions.verify_at_bedside(patient, f"{number[:3]} {number[3:]}", by=lin)

    assert (holding.relation, holding.verified_how) == ("family", "bedside")
    assert holding.verified_by == lin
    assert number.encode() not in bytes(BedsideNumber.objects.get().number_sealed)
    with pytest.raises(RefusedError, match="号码"):
        actions.verify_at_bedside(patient, number, by=lin)


def test_a_bedside_number_lasts_ten_minutes(patient: Patient, holder: Holder, lin: Staff) -> None:
    number = actions.show_bedside_number(holder, "self")

    with time_machine.travel(time.now() + timedelta(minutes=11)):
        with pytest.raises(RefusedError, match="没有手机"):
            actions.verify_at_bedside(patient, number, by=lin)
        actions.show_bedside_number(holder, "self")
    assert BedsideNumber.objects.filter(used_at=None).count() == 1


def test_reviewers_may_not_verify(patient: Patient, holder: Holder, lin: Staff) -> None:
    lin.role = Staff.Role.REVIEWER
    number = actions.show_bedside_number(holder, "self")

    with pytest.raises(ForbiddenError):
        actions.verify_at_bedside(patient, number, by=lin)


def test_a_number_of_another_hospital_is_nobodys(
    riverside: Hospital, elsewhere: Hospital, mallory: Staff
) -> None:
    theirs = make_patient(elsewhere)
    holder = make_holder(riverside)
    with scope(riverside):
        number = actions.show_bedside_number(holder, "self")

    with scope(elsewhere), pytest.raises(RefusedError):
        actions.verify_at_bedside(theirs, number, by=mallory)


def test_one_phone_holds_several_patients_and_switches(
    in_riverside: Hospital, holder: Holder
) -> None:
    mother, child = make_patient(in_riverside), make_patient(in_riverside)
    make_holding(mother, holder, relation="family")
    last = make_holding(child, holder, relation="family")
    assert queries.find_current_holding(holder) == last

    first = next(h for h in queries.patients_of(holder) if h.patient == mother)
    actions.switch_patient(holder, first.key)

    assert queries.access_current_patient(holder) == mother
    with pytest.raises(NotFoundError):
        actions.switch_patient(make_holder(in_riverside), first.key)


def test_before_verification_there_is_no_patient(in_riverside: Hospital, holder: Holder) -> None:
    holding = make_holding(make_patient(in_riverside), holder, verified=False)

    assert queries.patients_of(holder) == []
    assert [held.pk for held in queries.list_holdings(holder)] == [holding.pk]
    with pytest.raises(NotFoundError):
        queries.access_patient(holder, holding.patient.key)
    with pytest.raises(NotFoundError):
        actions.switch_patient(holder, holding.key)


def test_a_holding_ends_by_the_holder_or_by_staff(
    in_riverside: Hospital, holder: Holder, lin: Staff
) -> None:
    holding = make_holding(make_patient(in_riverside), holder)
    with pytest.raises(ForbiddenError):
        actions.end_holding(holding, by=make_holder(in_riverside))

    actions.end_holding(holding, by=holder)

    holder.refresh_from_db()
    assert holder.current_patient is None
    assert queries.patients_of(holder) == []
    with pytest.raises(RefusedError):
        actions.end_holding(holding, by=lin)
