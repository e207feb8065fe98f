from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions, queries
from lianxin.patients.models import Holder, Patient, PhoneCode
from lianxin.staff.models import Staff
from lianxin.testing.guarded import assert_portal_guarded
from lianxin.testing.patients import (
    make_holder,
    make_holding,
    make_patient,
    make_sms_account,
    sign_in_phone,
)

BOTH = ("GET", "POST")


@pytest.fixture
def patient(riverside: Hospital) -> Patient:
    make_sms_account(riverside)
    return make_patient(riverside, name="张桂兰", inpatient="ZY20261107086", phone="13812341234")


@pytest.fixture
def holder(riverside: Hospital) -> Holder:
    return make_holder(riverside)


@pytest.fixture
def phone(holder: Holder) -> Client:
    client: Client = sign_in_phone(Client(), holder)
    return client


def body(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_the_three_steps_start_with_who_and_nothing_is_ticked(phone: Client) -> None:
    page = body(phone.get(reverse("patients:who")))

    assert all(word in page for word in ("患者本人", "家属", "代办人"))
    assert "checked" not in page
    response = phone.post(reverse("patients:who"), {"relation": "family"})
    assert response["Location"] == f"{reverse('patients:verify')}?as=family"


def test_number_name_and_code_verify(
    phone: Client, riverside: Hospital, patient: Patient, holder: Holder
) -> None:
    claim = {"name": "张桂兰", "inpatient": "ZY20261107086"}
    asked = phone.post(f"{reverse('patients:send_code')}?as=self", claim)
    assert "如果姓名和住院号" in body(asked)
    with scope(riverside):
        code = PhoneCode.objects.get()
        to_send = actions.prepare_phone_code(riverside.pk, code.pk)
    assert to_send is not None
    digits = to_send.digits
    wrong = "111111" if digits != "111111" else "222222"
    url = f"{reverse('patients:verify')}?as=self"

    refused = phone.post(url, claim | {"code": wrong})
    assert refused.status_code == 422
    assert "验证码不对" in body(refused)
    with scope(riverside):
        code.refresh_from_db()
    assert code.attempts == 1  # counted although the answer was a refusal

    accepted = phone.post(url, claim | {"code": digits}, headers={"HX-Request": "true"})
    assert accepted["HX-Redirect"] == reverse("compliance:phone_consent")
    with scope(riverside):
        assert queries.find_current_patient(holder) == patient


def test_a_wrong_claim_reads_exactly_like_a_right_one(
    riverside: Hospital, patient: Patient
) -> None:
    def answer(name: str) -> str:
        client = sign_in_phone(Client(), make_holder(riverside))
        claim = {"name": name, "inpatient": "ZY20261107086"}
        page = body(client.post(f"{reverse('patients:send_code')}?as=self", claim))
        return page.split('id="lx-verify"')[1].split("<form")[0]

    assert answer("张桂兰") == answer("李四四")


def test_asking_again_too_soon_is_refused_in_words(phone: Client, patient: Patient) -> None:
    url = f"{reverse('patients:send_code')}?as=self"
    claim = {"name": "张桂兰", "inpatient": "ZY20261107086"}
    phone.post(url, claim)

    again = phone.post(url, claim, headers={"HX-Request": "true"})

    assert again.status_code == 409
    assert "秒" in body(again)


def test_the_bedside_page_shows_digits_and_goes_on_by_itself(
    phone: Client, riverside: Hospital, patient: Patient, holder: Holder, lin: Staff
) -> None:
    state = reverse("patients:bedside_state")
    page = body(phone.get(f"{reverse('patients:bedside')}?as=self"))
    assert "HX-Redirect" not in phone.get(state)
    with scope(riverside):
        number = actions.show_bedside_number(holder, "self")
        assert f"{number[:3]} {number[3:]}" in page
        actions.verify_at_bedside(patient, number, by=lin)

    assert phone.get(state)["HX-Redirect"] == reverse("compliance:phone_consent")


def test_nothing_of_the_patient_shows_before_verification(
    phone: Client, riverside: Hospital, patient: Patient, holder: Holder
) -> None:
    make_holding(patient, holder, verified=False)

    for name in ("patients:who", "compliance:phone_me"):
        page = body(phone.get(reverse(name)))
        assert not any(word in page for word in ("张桂兰", "张*兰", "138", "7086"))


def test_switching_and_giving_up_a_patient(
    phone: Client, riverside: Hospital, patient: Patient, holder: Holder
) -> None:
    first = make_holding(patient, holder, relation="family")
    make_holding(make_patient(riverside, name="李小宝"), holder, relation="family")
    end = reverse("patients:phone_end", args=[first.key])

    phone.post(reverse("patients:switch", args=[first.key]))
    with scope(riverside):
        holder.refresh_from_db()
        assert queries.find_current_patient(holder) == patient

    assert "张桂兰" in body(phone.get(end))
    phone.post(end)
    with scope(riverside):
        assert [held.patient_id for held in queries.patients_of(holder)] != [patient.pk]
        assert len(queries.patients_of(holder)) == 1


def test_every_phone_page_is_guarded(riverside: Hospital, patient: Patient) -> None:
    holder = make_holder(riverside)
    holding = make_holding(patient, holder)
    verify = f"{reverse('patients:verify')}?as=self"
    assert_portal_guarded(
        reverse("patients:who"), "GET", holder=holder, bad={"relation": "x"}, methods=BOTH
    )
    assert_portal_guarded(verify, "GET", holder=holder, bad={"code": "abc"}, methods=BOTH)
    assert_portal_guarded(
        f"{reverse('patients:send_code')}?as=self", "POST", holder=holder, bad={"name": ""}
    )
    assert_portal_guarded(f"{reverse('patients:bedside')}?as=self", "GET", holder=holder)
    assert_portal_guarded(reverse("patients:bedside_state"), "GET", holder=holder)
    assert_portal_guarded(reverse("patients:leave"), "POST", holder=make_holder(riverside))
    switch = reverse("patients:switch", args=[holding.key])
    assert_portal_guarded(switch, "POST", holder=holder, has_object=True)
    end = reverse("patients:phone_end", args=[holding.key])
    assert_portal_guarded(end, "GET", holder=holder, has_object=True, methods=BOTH)


def test_verifying_without_saying_who_does_not_exist(phone: Client) -> None:
    assert phone.get(reverse("patients:verify")).status_code == 404
    assert phone.get(f"{reverse('patients:bedside')}?as=boss").status_code == 404
