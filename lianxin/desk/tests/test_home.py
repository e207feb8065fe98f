from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from lianxin.compliance import actions as compliance
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.health import actions as health
from lianxin.outreach import actions as outreach
from lianxin.patients.models import Holder, HolderAddress, Patient
from lianxin.staff.models import Staff
from lianxin.testing.compliance import grant
from lianxin.testing.guarded import assert_portal_guarded
from lianxin.testing.health import make_reading
from lianxin.testing.outreach import Reachable, make_delivery
from lianxin.testing.patients import make_holder, make_holding, make_patient, sign_in_phone


def text_of(client: Client, url: str = "/p/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return str(response.content.decode())


def where(client: Client) -> str:
    response = client.get("/p/")
    assert response.status_code == 302
    return str(response["Location"])


def phone_of(holder: Holder) -> Client:
    client: Client = sign_in_phone(Client(), holder)
    return client


def test_who_may_open_it(measuring: tuple[Patient, Holder]) -> None:
    assert_portal_guarded("/p/", "GET", holder=measuring[1])


def test_a_new_phone_is_led_through_who_verify_and_consent(ward: Hospital) -> None:
    holder = make_holder(ward)
    patient = make_patient(ward)
    client = phone_of(holder)
    assert where(client) == "/p/who/"

    holding = make_holding(patient, holder, verified=False)
    assert where(client) == "/p/verify/?as=self"
    assert client.get("/p/verify/?as=self").status_code == 200

    with scope(ward):
        verified = {"state": "verified", "verified_how": "code", "verified_at": time.now()}
        type(holding).objects.filter(pk=holding.pk).update(**verified)
    assert where(client) == "/p/consent/"

    grant(patient, "health_records")
    assert client.get("/p/").status_code == 200


def test_a_no_is_an_answer_and_shows_no_health(ward: Hospital) -> None:
    patient = make_patient(ward)
    holding = make_holding(patient)
    make_reading(patient, 131, 83)
    with scope(ward):
        compliance.answer_questions(patient, {"health_records": False}, by=holding.holder)

    page = text_of(phone_of(holding.holder))

    assert "131/83" not in page
    assert "所以这里不显示读数和用药" in page


@pytest.mark.parametrize("is_verified", [False, True])
def test_without_verification_or_consent_there_is_no_health(
    ward: Hospital, is_verified: bool
) -> None:
    patient = make_patient(ward, name="陈阿婆")
    make_reading(patient, 131, 83)
    holder = make_holder(ward)
    make_holding(patient, holder, verified=is_verified)
    if not is_verified:
        grant(patient, "health_records")

    page = text_of(phone_of(holder), "/p/?later=1")

    assert "131/83" not in page
    assert ("陈阿婆" in page) == is_verified


def test_family_sees_it_only_when_the_patient_shares(ward: Hospital, chen: Patient) -> None:
    make_reading(chen, 131, 83)
    family = make_holding(chen, relation="family").holder

    assert "131/83" not in text_of(phone_of(family))

    grant(chen, "family_access")
    assert "131/83" in text_of(phone_of(family))


def test_the_morning_card_counts_what_is_left(as_phone: Client, chen: Patient, zhou: Staff) -> None:
    with scope(chen.hospital_id):
        health.plan_medication(
            chen, name="测试药片", slots=["morning"], starts_on=time.today(chen.hospital), by=zhou
        )

    assert "还剩 2 项" in text_of(as_phone)
    assert "张桂兰，早上好" in text_of(as_phone)

    as_phone.post("/p/health/medicines/morning/tick/", {"next": "home"})
    assert "还剩 1 项" in text_of(as_phone)

    make_reading(chen, 131, 83)
    page = text_of(as_phone)
    assert "做完了" in page
    assert "已记 131/83" in page


def test_the_evening_greets_with_the_evening(
    as_phone: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(9 * 3600)

    assert "晚上好" in text_of(as_phone)


def test_opening_the_card_is_recorded_once(as_phone: Client, chen: Patient) -> None:
    system = SystemActor(chen.hospital_id)
    draft = outreach.CardDraft(chen.pk, time.today(chen.hospital), "morning", ("measure_bp",))
    with scope(chen.hospital_id):
        outreach.put_cards(chen.hospital_id, [draft], by=system, announce=False)

    assert "前完成" in text_of(as_phone)
    text_of(as_phone)

    with scope(chen.hospital_id):
        assert Event.objects.filter(name="card.opened", patient_id=chen.pk).count() == 1


def test_elder_mode_is_a_layout_of_its_own(
    as_phone: Client, measuring: tuple[Patient, Holder]
) -> None:
    as_phone.post("/p/elder/", {"elder": "1", "next": "/p/"})

    page = text_of(as_phone)

    assert "lx-big-button" in page
    assert "现在要做 1 件事" in page
    assert "打 120" in page


def make_sent_link(patient: Patient, holder: Holder) -> str:
    """Return the key in the link of a card that went to this phone for this patient."""
    with scope(patient.hospital_id):
        link = HolderAddress.objects.select_related("address__account").get(holder=holder)
        reachable = Reachable(patient, holder, link.address.account, link.address)
        return make_delivery(reachable).key


def test_a_link_shows_whom_it_was_sent_for_and_no_stranger(
    as_phone: Client, measuring: tuple[Patient, Holder], ward: Hospital
) -> None:
    chen, holder = measuring
    child, stranger = make_patient(ward, name="陈小宝"), make_patient(ward, name="陌路人")
    make_holding(child, holder, relation="family")
    grant(child, "health_records")
    keys = [make_sent_link(patient, holder) for patient in (chen, stranger)]
    assert "正在看谁的资料" in text_of(as_phone)

    shown = text_of(as_phone, f"/p/?d={keys[0]}")
    text_of(as_phone, f"/p/?d={keys[1]}")

    with scope(ward):
        holder.refresh_from_db()
    assert holder.current_patient_id == chen.pk
    assert "陈小宝" in shown
    assert "陌路人" not in shown
