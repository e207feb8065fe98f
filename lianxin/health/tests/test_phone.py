from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.health.actions import plan_medication
from lianxin.health.models import Alert, DoseTick, Observation
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.health import make_measuring_patient, make_reading, make_week
from lianxin.testing.patients import make_holder, make_holding, make_patient, sign_in_phone

JSON = {"Accept": "application/json"}


def post(client: Client, systolic: int, diastolic: int, **more: str) -> dict[str, object]:
    data = {"systolic": systolic, "diastolic": diastolic, "client_key": uuid4().hex} | more
    found: dict[str, object] = client.post("/p/health/log/", data, headers=JSON).json()
    return found


def test_two_readings_make_a_sitting(as_phone: Client, chen: Patient) -> None:
    page = as_phone.get("/p/health/log/").content.decode()
    assert "第 1 遍" in page
    first = post(as_phone, 138, 86)
    assert first["next"] == "/p/health/log/"
    assert "第 2 遍" in as_phone.get("/p/health/log/").content.decode()
    second = post(as_phone, 136, 84)

    assert second["next"] == "/p/health/trend/"
    with scope(chen.hospital_id):
        assert Observation.objects.filter(patient=chen).count() == 2


def test_without_a_script_the_form_redirects(as_phone: Client) -> None:
    response = as_phone.post(
        "/p/health/log/", {"systolic": 138, "diastolic": 86, "client_key": "a" * 24}
    )

    assert response.status_code == 302
    assert "第 1 遍已保存" in as_phone.get("/p/health/log/").content.decode()


def test_sending_again_saves_once(as_phone: Client, chen: Patient) -> None:
    for _time in range(2):
        assert post(as_phone, 138, 86, client_key="k" * 24)["state"] == "saved"

    with scope(chen.hospital_id):
        assert Observation.objects.filter(patient=chen).count() == 1


def test_a_swap_is_asked_about(as_phone: Client, chen: Patient) -> None:
    answer = post(as_phone, 86, 138)
    page = as_phone.post("/p/health/log/", {"systolic": 86, "diastolic": 138})

    assert answer["state"] == "check"
    assert answer["offer"] == {"systolic": "138", "diastolic": "86"}
    assert answer["offer_words"] == "对调为 138/86"
    assert page.status_code == 422
    assert "低压比高压高，是不是填反了" in page.content.decode()
    with scope(chen.hospital_id):
        assert not Observation.objects.exists()


@pytest.mark.parametrize("bad", [{"systolic": "abc"}, {"systolic": "138"}, {}])
def test_what_is_no_number_is_answered_kindly(as_phone: Client, bad: dict[str, str]) -> None:
    response = as_phone.post("/p/health/log/", bad)

    assert response.status_code == 422
    assert "请填写高压和低压" in response.content.decode()


def test_a_value_that_waited_offline_keeps_its_time(as_phone: Client, chen: Patient) -> None:
    post(as_phone, 138, 86, waited_seconds="3600")

    with scope(chen.hospital_id):
        saved = Observation.objects.get(patient=chen)
    assert saved.measured_at == time.now() - timedelta(hours=1)


def test_red_asks_for_symptoms_then_for_another_reading(
    as_phone: Client, chen: Patient, clock: time_machine.Traveller
) -> None:
    answer = post(as_phone, 185, 112)
    url = str(answer["next"])
    page = as_phone.get(url).content.decode()
    with scope(chen.hospital_id):
        alert = Alert.objects.get(patient=chen)
    ring = as_phone.post(url, {"alert": alert.key, "symptom": ""}, headers=JSON).json()["next"]

    assert url == f"/p/health/symptoms/?alert={alert.key}"
    assert 'href="tel:120"' in page
    assert "185/112" in page
    assert "立即拨打 120" in page  # the card stands in the page, so a tick needs no network
    assert ring == f"/p/health/again/{alert.key}/"
    shown = as_phone.get(ring).content.decode()
    assert "5:00" in shown
    assert "08:42 前没有再量" in shown
    assert "/p/health/log/" in shown  # nobody is locked out
    clock.shift(timedelta(minutes=5))
    confirmed = post(as_phone, 186, 112)
    assert confirmed["next"] == f"/p/health/urgent/{alert.key}/"
    assert as_phone.get(ring).status_code == 302


def test_a_tick_shows_120_and_what_to_say(as_phone: Client, chen: Patient) -> None:
    url = str(post(as_phone, 185, 112)["next"])
    with scope(chen.hospital_id):
        alert = Alert.objects.get(patient=chen)
    response = as_phone.post(url, {"alert": alert.key, "symptom": ["chest_pain"]}, follow=True)
    page = response.content.decode()

    assert "立即拨打 120" in page
    assert "您选了「胸口或后背痛」" in page
    assert "我 68 岁，胸口痛，血压 185/112" in " ".join(page.split())
    with scope(chen.hospital_id):
        assert Alert.objects.get(patient=chen).rule_code == "BP-05"


def test_feeling_unwell_needs_no_number(as_phone: Client, chen: Patient) -> None:
    page = as_phone.get("/p/health/symptoms/").content.decode()
    response = as_phone.post("/p/health/symptoms/", {"symptom": ["unsure"]}, follow=True)

    assert "不确定" in page
    assert "立即拨打 120" in response.content.decode()
    with scope(chen.hospital_id):
        assert Alert.objects.get(patient=chen).rule_code == "SY-01"


def test_the_trend_says_it_in_words_first(as_phone: Client, chen: Patient, zhou: Staff) -> None:
    make_week(chen)
    page = as_phone.get("/p/health/trend/").content.decode()

    assert page.index("7 天平均略高于目标") < page.index('<svg class="lx-chart"')
    assert "138/86" in page
    assert "已提醒您的医护团队" in page
    table = as_phone.get("/p/health/trend/?view=table&days=30").content.decode()
    assert "138/86 ▲" in table
    assert "没量" in table


def test_a_first_reading_is_seen_at_once(as_phone: Client) -> None:
    post(as_phone, 138, 86)
    page = as_phone.get("/p/health/trend/").content.decode()

    assert "读数还少，先不下结论" in page
    assert "近 7 天有 1 天 1 次早晚读数" in page
    assert "138/86" in page
    assert "不计入平均" not in page


def test_a_reading_at_noon_is_seen_and_said_to_be_outside(
    as_phone: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(hours=4))
    post(as_phone, 138, 86)
    page = as_phone.get("/p/health/trend/").content.decode()

    assert "这段时间没有读数" not in page
    assert "138/86" in page
    assert "不在早晚时段，只记录，不计入平均" in page


def test_an_empty_trend_says_so(as_phone: Client) -> None:
    assert "近 7 天没有早晚读数" in as_phone.get("/p/health/trend/").content.decode()


def test_medicines_are_ticked_and_unticked(
    as_phone: Client, chen: Patient, zhou: Staff, clock: time_machine.Traveller
) -> None:
    with scope(chen.hospital_id):
        today = time.today(chen.hospital)
        for name in ("氨氯地平 5 mg", "缬沙坦 80 mg"):
            plan_medication(chen, name=name, slots=["morning"], starts_on=today, by=zhou)
    assert "氨氯地平 5 mg" in as_phone.get("/p/health/medicines/").content.decode()
    as_phone.post("/p/health/medicines/morning/tick/")
    as_phone.post("/p/health/medicines/morning/tick/")
    assert "已打卡 2/2" in as_phone.get("/p/health/medicines/").content.decode()
    as_phone.post("/p/health/medicines/morning/undo/")
    as_phone.post("/p/health/medicines/morning/tick/", {"some": "1"})

    with scope(chen.hospital_id):
        assert {tick.state for tick in DoseTick.objects.filter(patient=chen)} == {"skipped"}
    clock.shift(timedelta(hours=2))
    assert as_phone.post("/p/health/medicines/morning/undo/").status_code == 409


def test_before_verification_and_consent_nothing_is_shown(ward: Hospital) -> None:
    patient = make_patient(ward)
    holder = make_holder(ward)
    make_holding(patient, holder)
    client = sign_in_phone(Client(), holder)

    for page in ("log", "symptoms", "trend", "medicines"):
        response = client.get(f"/p/health/{page}/")
        assert response.status_code == 403
        assert "还不能记录健康数据" in response.content.decode()


def test_another_phones_alert_does_not_exist(
    ward: Hospital, as_phone: Client, clock: time_machine.Traveller
) -> None:
    other, _holder = make_measuring_patient(ward)
    (alert,) = make_reading(other, 185, 112).alerts

    for page in ("urgent", "again"):
        assert as_phone.get(f"/p/health/{page}/{alert.key}/").status_code == 404
    assert as_phone.get(f"/p/health/symptoms/?alert={alert.key}").status_code == 404
    posted = as_phone.post("/p/health/symptoms/", {"alert": alert.key, "symptom": ["faint"]})
    assert posted.status_code == 404


def test_a_stranger_gets_no_page(ward: Hospital) -> None:
    assert Client().get("/p/health/log/").status_code in {302, 401}
    assert Client().post("/p/health/medicines/morning/tick/").status_code in {302, 401, 403}


def test_elder_layout_and_english(as_phone: Client, phone: Holder) -> None:
    as_phone.cookies["lx_elder"] = "1"
    assert "换一格" in as_phone.get("/p/health/log/").content.decode()
    as_phone.cookies["lx_language"] = "en"
    page = as_phone.get("/p/health/log/").content.decode()
    assert "Systolic" in page
    assert "Feeling unwell" in page
