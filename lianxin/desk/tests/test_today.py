from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.channels.models import Address
from lianxin.core import time
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.desk.queries.badges import count_badges
from lianxin.health import actions as health
from lianxin.health.models import Alert
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.staff.rules import ROLES
from lianxin.testing.content import make_draft
from lianxin.testing.conversations import make_talking_address, receive
from lianxin.testing.guarded import assert_guarded, sign_in
from lianxin.testing.health import make_measuring_patient, make_reading
from lianxin.testing.patients import make_holder, make_holding, make_patient
from lianxin.testing.staff import make_staff, make_team
from lianxin.testing.tasks import make_task

HTMX = {"HX-Request": "true"}


def raise_red(patient: Patient, *, confirmed: bool = True) -> Alert:
    at = time.now() - timedelta(minutes=6) if confirmed else None
    recorded = make_reading(patient, 185, 112, at=at)
    alert = next(alert for alert in recorded.alerts if alert.level == "red")
    if confirmed:
        make_reading(patient, 186, 114)
    with scope(patient.hospital_id):
        return Alert.objects.get(pk=alert.pk)


def write(hospital: Hospital, name: str, text: str) -> Address:
    address = make_talking_address(hospital)
    make_holding(make_patient(hospital, name=name), make_holder(hospital, address=address))
    receive(address, text)
    return address


def text_of(client: Client, url: str = "/", **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return str(response.content.decode())


def test_who_may_open_it(riverside: Hospital) -> None:
    assert_guarded("/", "GET", hospital=riverside, permission="today.read", has_object=False)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_role_lands_on_it(ward: Hospital, chen: Patient, role: str, language: str) -> None:
    raise_red(chen)
    client = sign_in(make_staff(ward, role=role))
    client.cookies["lx_language"] = language

    page = text_of(client)

    sees_health = role in {"doctor", "nurse", "manager"}
    assert ("186/114" in page) == sees_health
    assert 'hx-trigger="live:today from:body' in page


def test_danger_comes_first_then_the_deadline(
    as_lin: Client, ward: Hospital, chen: Patient, admin: Staff
) -> None:
    write(ward, "王小安", "请问什么时候复诊？")
    write(ward, "赵玉兰", "胸口压得慌")
    make_task(ward, patient=make_patient(ward, name="钱晚"), due_at=time.now() + timedelta(hours=9))
    make_task(ward, patient=make_patient(ward, name="孙早"), due_at=time.now() + timedelta(hours=1))
    raise_red(chen)

    page = text_of(as_lin)

    order = ["张*兰", "赵*兰", "王*安", "孙*", "钱*"]
    places = [page.index(name) for name in order]
    assert places == sorted(places)
    assert "先处理这 2 位：1 条红色告警没人接手，1 位发来急症词" in page
    assert "张桂兰" not in page


def test_an_alert_awaiting_the_second_reading_is_no_danger_yet(
    as_lin: Client, lin: Staff, chen: Patient
) -> None:
    alert = raise_red(chen, confirmed=False)

    page = text_of(as_lin)

    assert "等第二遍读数" in page
    assert "08:42 算确认" in page
    assert f"/health/alerts/{alert.key}/acknowledge/" not in page
    assert "没有人在危险中" in page
    with scope(chen.hospital_id):
        assert count_badges(lin)["today"].count == 0


def test_a_taken_alert_goes_below_and_asks_for_its_outcome(
    as_lin: Client, lin: Staff, ward: Hospital, chen: Patient
) -> None:
    alert = raise_red(chen)
    other, _holder = make_measuring_patient(ward, name="李后来")
    raise_red(other)
    with scope(ward):
        health.acknowledge_alert(alert, by=lin)

    page = text_of(as_lin)

    assert page.index("李*来") < page.index("张*兰")
    assert "已接手" in page
    assert "处理并关闭" in page


def test_a_managers_alert_offers_no_taking(ward: Hospital, chen: Patient) -> None:
    raise_red(chen)

    page = text_of(sign_in(make_staff(ward, role="manager")))

    assert "/acknowledge/" not in page


def test_scopes_narrow_but_never_hide_danger(
    as_lin: Client, ward: Hospital, zhou: Staff, chen: Patient
) -> None:
    elsewhere = make_team(ward, make_staff(ward, role="doctor"))
    far = make_patient(ward, name="远方人", team=elsewhere)
    make_task(ward, patient=far, team_id=elsewhere.pk)
    red, _holder = make_measuring_patient(ward, name="红他组", team=elsewhere)
    raise_red(red)

    mine, hospital = text_of(as_lin, "/?scope=mine"), text_of(as_lin, "/?scope=hospital")

    assert "远*人" not in mine
    assert "红*组" in mine
    assert "远*人" in hospital
    assert text_of(as_lin, "/?scope=nonsense") == mine or "远*人" not in mine


def test_everybody_shown_is_in_the_access_log(
    as_lin: Client, lin: Staff, ward: Hospital, chen: Patient
) -> None:
    raise_red(chen)
    write(ward, "王小安", "请问什么时候复诊？")
    make_task(ward, patient=make_patient(ward, name="孙早"))
    make_patient(ward, name="周回家", discharged_on=time.today(ward))

    text_of(as_lin)

    with scope(ward):
        looks = AccessEntry.objects.filter(by_id=lin.pk, page="desk:today")
        assert looks.values("patient_id").distinct().count() == 4


def test_discharges_say_who_is_left_out(as_lin: Client, ward: Hospital) -> None:
    today = time.today(ward)
    make_holding(make_patient(ward, name="周回家", discharged_on=today))
    make_patient(ward, name="吴没手机", discharged_on=today)
    make_patient(ward, name="郑上周", discharged_on=today - timedelta(days=7))

    page = text_of(as_lin)

    assert "2 人未入组" in page
    assert "已核验，还没同意或入组" in page
    assert "还没有核验手机" in page
    assert "郑*周" not in page


def test_an_empty_day_says_so_for_every_group(as_lin: Client, ward: Hospital) -> None:
    page = text_of(as_lin)

    assert "现在没有要处理的事" in page
    assert "没有未接手的红色告警。" in page
    assert "都回复了。" in page
    assert "今天还没有出院记录。" in page


def test_a_filter_shows_one_group(as_lin: Client, ward: Hospital, chen: Patient) -> None:
    raise_red(chen)
    write(ward, "王小安", "请问什么时候复诊？")

    page = text_of(as_lin, "/?show=waiting", **HTMX)

    assert "<html" not in page
    assert "王*安" in page
    assert "张*兰" not in page


def test_the_reviewer_finds_what_waits_for_approval(ward: Hospital) -> None:
    from_author = make_draft(ward, title="在家量血压")
    reviewer = make_staff(ward, role="reviewer")
    with scope(ward):
        type(from_author).objects.filter(pk=from_author.pk).update(state="in_review")

    page = text_of(sign_in(reviewer))

    assert "在家量血压" in page
    assert "去审核" in page


def test_it_costs_the_same_for_one_and_for_forty(
    as_lin: Client, ward: Hospital, chen: Patient, clock: time_machine.Traveller
) -> None:
    def add(place: int) -> None:
        patient, _holder = make_measuring_patient(ward, discharged_on=time.today(ward))
        raise_red(patient, confirmed=place % 2 == 0)
        write(ward, f"写信{place}", "胸口压得慌" if place % 2 else "请问什么时候复诊？")
        make_task(ward)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_lin.get("/").status_code == 200
        return len(captured)

    add(0)
    add(1)
    few = cost()
    for place in range(2, 40):
        add(place)

    assert cost() == few


def test_the_overview_names_the_most_urgent_and_the_group_all(
    as_lin: Client, lin: Staff, ward: Hospital
) -> None:
    for hour in range(10):
        due_at = time.now() + timedelta(hours=hour + 1)
        make_task(ward, patient=make_patient(ward, name=f"排{hour}号"), due_at=due_at)

    overview = text_of(as_lin)

    assert "只列了最急的 6 件，看全部 10 件" in overview
    assert overview.count('id="task-') == 6
    assert "随访与任务 <b>10</b>" in " ".join(overview.split())
    with scope(ward):
        assert AccessEntry.objects.filter(by_id=lin.pk, page="desk:today").count() == 6

    group = text_of(as_lin, "/?show=tasks")

    assert group.count('id="task-') == 10
    assert "只列了" not in group


def test_the_overview_names_everybody_in_danger(as_lin: Client, ward: Hospital) -> None:
    for _place in range(10):
        raise_red(make_measuring_patient(ward)[0])

    assert text_of(as_lin).count('id="alert-') == 10
    assert "只列了" not in text_of(as_lin)


def test_a_group_the_role_may_not_see_shows_the_overview(ward: Hospital) -> None:
    make_task(ward, patient=make_patient(ward))

    page = text_of(sign_in(make_staff(ward, role="nurse")), "/?show=approvals")

    assert page.count('id="task-') == 1
