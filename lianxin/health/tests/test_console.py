from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.health.actions import tick_doses
from lianxin.health.models import Alert, ClinicalRow, HealthProfile, Medication
from lianxin.patients.models import Patient
from lianxin.testing.health import (
    make_measuring_patient,
    make_medicine,
    make_reading,
    make_week,
)


def red(patient: Patient) -> Alert:
    recorded = make_reading(patient, 185, 112)
    return next(alert for alert in recorded.alerts if alert.level == "red")


def confirmed_red(patient: Patient) -> Alert:
    recorded = make_reading(patient, 185, 112, at=time.now() - timedelta(minutes=6))
    make_reading(patient, 186, 113)
    return next(alert for alert in recorded.alerts if alert.level == "red")


def test_the_queue_puts_red_first_and_says_what_is_known(as_lin: Client, chen: Patient) -> None:
    make_week(chen)
    make_reading(chen, 137, 86)
    confirmed_red(chen)
    page = as_lin.get("/health/alerts/").content.decode()

    assert "先处理这 1 条红色告警" in page
    assert page.index("红色告警</span>") < page.index("黄色提醒</span>")
    assert "185/112 → 186/113" in page
    assert "还没有回答症状" in page
    assert "测试" not in page.split("lx-who")[1][:200].replace("测*", "")


def test_what_is_confirmed_stands_before_what_waits_for_a_second_reading(
    as_lin: Client, ward: Hospital, chen: Patient
) -> None:
    waiting = red(chen)
    alone = as_lin.get("/health/alerts/").content.decode()
    other, _holder = make_measuring_patient(ward)
    confirmed = confirmed_red(other)
    both = as_lin.get("/health/alerts/").content.decode()

    assert "1 条红色告警在等第二遍读数" in alone
    assert "先处理这 1 条红色告警" in both
    assert f"/health/alerts/{waiting.key}/acknowledge/" not in both
    assert both.index(f"alert-{confirmed.key}") < both.index(f"alert-{waiting.key}")


def test_an_empty_queue_says_so(as_lin: Client, ward: Hospital) -> None:
    page = as_lin.get("/health/alerts/").content.decode()

    assert "现在没有要处理的告警" in page


def test_taking_and_closing_an_alert(as_lin: Client, chen: Patient) -> None:
    alert = red(chen)
    taken = as_lin.post(f"/health/alerts/{alert.key}/acknowledge/", follow=True)
    assert "已接手" in taken.content.decode()
    assert as_lin.post(f"/health/alerts/{alert.key}/acknowledge/").status_code == 409
    assert as_lin.post(f"/health/alerts/{alert.key}/close/", {}).status_code == 422
    closed = as_lin.post(
        f"/health/alerts/{alert.key}/close/",
        {"outcome": "emergency", "note": "已到急诊"},
        follow=True,
    )

    assert "最近关闭" in closed.content.decode()
    with scope(chen.hospital_id):
        assert Alert.objects.get(pk=alert.pk).outcome == "emergency"
        seen = AccessEntry.objects.filter(patient_id=chen.pk, page="health.alert")
        assert seen.exists()


@pytest.mark.parametrize("page", ["", "acknowledge/", "close/"])
def test_another_hospitals_alert_does_not_exist(
    as_mallory: Client, chen: Patient, page: str
) -> None:
    alert = red(chen)
    url = f"/health/alerts/{alert.key}/{page}"
    data = {"outcome": "phoned"}
    response = as_mallory.post(url, data) if page else as_mallory.get(url)

    assert response.status_code == 404
    assert as_mallory.get(f"/health/patients/{chen.key}/trend/").status_code == 404


def test_the_wrong_role_is_refused_and_written_down(as_admin: Client, chen: Patient) -> None:
    alert = red(chen)

    assert as_admin.get("/health/alerts/").status_code == 403
    assert as_admin.post(f"/health/alerts/{alert.key}/acknowledge/").status_code == 403
    assert as_admin.get(f"/health/patients/{chen.key}/trend/").status_code == 403
    with scope(chen.hospital_id):
        assert AccessEntry.objects.filter(outcome="refused").count() == 3


@pytest.mark.parametrize(
    "url", ["/health/alerts/{key}/acknowledge/", "/health/alerts/{key}/close/"]
)
def test_changes_are_posts(as_lin: Client, chen: Patient, url: str) -> None:
    assert as_lin.get(url.format(key=red(chen).key)).status_code == 405


def test_the_trend_page_and_its_panel(as_lin: Client, chen: Patient) -> None:
    make_week(chen)
    url = f"/health/patients/{chen.key}/trend/"
    page = as_lin.get(url).content.decode()
    panel = as_lin.get(f"{url}?days=365", headers={"HX-Request": "true"}).content.decode()
    table = as_lin.get(f"{url}?view=table").content.decode()

    assert "7 天平均 138/86，高于目标（低于 130/80）。" in page
    assert "lx-chart-gap" in page
    assert page.count('class="lx-chart-band"') == 2
    assert "<html" not in panel
    assert "lx-chart-bar" in panel
    assert "第 1 天，不计" in table


def test_the_trend_shows_the_doses_that_were_taken_and_missed(
    as_lin: Client, chen: Patient
) -> None:
    make_week(chen)
    today = time.today(chen.hospital)
    make_medicine(chen, "morning", starts_on=today - timedelta(days=2))
    with scope(chen.hospital_id):
        tick_doses(chen, today - timedelta(days=1), "morning", by=SystemActor(chen.hospital_id))
    page = as_lin.get(f"/health/patients/{chen.key}/trend/").content.decode()
    picture = page.split('<svg class="lx-chart"')[1].split("</svg>")[0]

    assert picture.count('class="lx-chart-dose is-all"') == 1
    assert picture.count('class="lx-chart-dose-none"') == 2


def test_the_queue_costs_the_same_for_one_and_for_many(
    as_lin: Client, ward: Hospital, clock: time_machine.Traveller
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_lin.get("/health/alerts/").status_code == 200
        return len(captured)

    red(make_measuring_patient(ward)[0])
    one = cost()
    for _person in range(12):
        red(make_measuring_patient(ward)[0])

    assert cost() == one


def test_flags_plan_and_medicines(as_lin: Client, chen: Patient) -> None:
    url = f"/health/patients/{chen.key}/"
    as_lin.post(f"{url}plan/", {"flags": ["stroke"], "is_planned": "1"})
    assert as_lin.post(f"{url}medicines/", {"name": ""}).status_code == 422
    as_lin.post(f"{url}medicines/", {"name": "某药 5 mg", "slots": ["morning", "evening"]})
    page = as_lin.get(f"{url}plan/").content.decode()

    assert "某药 5 mg" in page
    with scope(chen.hospital_id):
        profile = HealthProfile.objects.get(patient=chen)
        medicine = Medication.objects.get(patient=chen)
    assert (profile.flags, profile.planned_from_on is None) == (["stroke"], False)
    assert b"5 mg" not in bytes(medicine.name_sealed)
    as_lin.post(f"{url}medicines/{medicine.key}/stop/")
    with scope(chen.hospital_id):
        assert Medication.objects.get(patient=chen).ends_on is not None


def test_rows_are_shown_with_their_source_and_approved_by_a_doctor(
    as_lin: Client, as_zhou: Client, ward: Hospital
) -> None:
    with scope(ward):
        ClinicalRow.objects.filter(code="BP-04").update(approved_by=None, approved_at=None)
    page = as_lin.get("/health/rows/").content.decode()
    url = "/health/rows/rule/BP-04/1/approve/"

    assert "1 条还没有医生审核" in page
    assert "国家基本公共卫生服务规范" in page
    assert as_lin.post(url).status_code == 403
    assert as_zhou.post(url).status_code == 302
    assert as_zhou.post(url).status_code == 409
    assert "全部规则都有医生审核" in as_zhou.get("/health/rows/").content.decode()


def test_a_red_alert_moves_on_the_page_by_itself(
    as_lin: Client, chen: Patient, clock: time_machine.Traveller
) -> None:
    red(chen)
    clock.shift(timedelta(minutes=31))
    page = as_lin.get("/health/alerts/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert 'data-live="today"' in page
