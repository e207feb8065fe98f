from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.core import time
from lianxin.core.events import Entry, record_many
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.desk.queries import timeline
from lianxin.patients import actions as patients
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.staff.rules import PERMISSIONS
from lianxin.testing.guarded import assert_guarded, sign_in
from lianxin.testing.health import make_reading, make_week
from lianxin.testing.patients import make_holding, make_patient
from lianxin.testing.staff import make_staff
from lianxin.testing.tasks import make_task

HTMX = {"HX-Request": "true"}


def text_of(client: Client, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.parametrize("page", ["", "timeline/"])
def test_who_may_open_it(ward: Hospital, chen: Patient, page: str) -> None:
    url = f"/patients/{chen.key}/{page}"

    assert_guarded(url, "GET", hospital=ward, permission="patient.read")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", PERMISSIONS["patient.read"])
def test_health_is_only_for_those_who_treat(
    ward: Hospital, chen: Patient, role: str, language: str
) -> None:
    make_week(chen)
    make_reading(chen, 185, 112)
    client = sign_in(make_staff(ward, role=role))
    client.cookies["lx_language"] = language

    page = text_of(client, f"/patients/{chen.key}/")

    sees = role in PERMISSIONS["health.read"]
    assert ("185/112" in page) == sees
    assert ("lx-chart-band" in page) == sees
    assert ("高血压 2 级" in page) == sees
    told = ("记录了一次读数", "触发告警", "Reading recorded", "Alert raised")
    assert any(words in page for words in told) == sees
    assert "张桂兰" not in page


def test_opening_it_is_in_the_access_log(as_lin: Client, lin: Staff, chen: Patient) -> None:
    text_of(as_lin, f"/patients/{chen.key}/")

    with scope(chen.hospital_id):
        looks = AccessEntry.objects.filter(by_id=lin.pk, patient_id=chen.pk)
        assert list(looks.values_list("page", flat=True)) == ["desk:patient"]


def test_the_number_of_a_merged_row_leads_to_who_was_kept(
    as_lin: Client, lin: Staff, ward: Hospital, chen: Patient
) -> None:
    duplicate = make_patient(ward, name="陈重复")
    with scope(ward):
        patients.tag_patient(duplicate, "老病友", by=lin, reason="manual")
        patients.merge_patients(chen, duplicate, by=lin)

    response = as_lin.get(f"/patients/{duplicate.key}/")

    assert response.headers["Location"] == f"/patients/{chen.key}/"
    with scope(ward):
        looks = AccessEntry.objects.filter(by_id=lin.pk, page="desk:patient")
        assert set(looks.values_list("patient_id", flat=True)) == {chen.pk, duplicate.pk}
    assert "老病友" in text_of(as_lin, f"/patients/{chen.key}/")


def test_the_head_says_who_holds_the_phone_and_what_was_agreed(
    as_lin: Client, ward: Hospital, chen: Patient
) -> None:
    page = text_of(as_lin, f"/patients/{chen.key}/")
    nobody = text_of(as_lin, f"/patients/{make_patient(ward).key}/")

    assert "床旁核验" in page
    assert "张*兰" in page
    assert "项没回答，算不同意" in page
    assert "去床旁核验" in nobody
    assert "没有可用的渠道" in nobody


def test_a_life_event_stands_above_everything(as_lin: Client, lin: Staff, chen: Patient) -> None:
    with scope(chen.hospital_id):
        patients.record_life_event(chen, "readmission", by=lin)

    page = text_of(as_lin, f"/patients/{chen.key}/")

    assert page.index("已停止全部触达") < page.index("患者概要")
    assert "生命事件：停止全部触达" not in page


def test_the_most_dangerous_alert_stands_first_with_its_next_step(
    as_lin: Client, chen: Patient
) -> None:
    make_week(chen, 138, 86)
    make_reading(chen, 137, 86)
    make_reading(chen, 185, 112, at=time.now() - timedelta(minutes=6))
    make_reading(chen, 186, 112)

    page = text_of(as_lin, f"/patients/{chen.key}/")

    assert "接手并致电" in page
    assert page.index("desk-alert is-danger") < page.index("desk-alert is-warn")


def test_the_timeline_filters_and_pages(as_lin: Client, lin: Staff, chen: Patient) -> None:
    hour = timedelta(hours=1)
    names = ["task.created"] + ["message.noted"] * 24
    with scope(chen.hospital_id):
        record_many(
            [
                Entry(
                    name,
                    hospital_id=chen.hospital_id,
                    subject="test",
                    subject_id=place,
                    by_kind="staff",
                    by_id=lin.pk,
                    patient_id=chen.pk,
                    at=time.now() - (30 - place) * hour,
                )
                for place, name in enumerate(names)
            ]
        )
    url = f"/patients/{chen.key}/timeline/"

    newest = text_of(as_lin, f"{url}?kind=messages", **HTMX)
    moment = (time.now() - 29.5 * hour).isoformat()
    oldest = as_lin.get(url, {"before": moment}, headers=HTMX).content.decode()

    assert "员工写了内部备注" in newest
    assert "登记为患者" not in newest
    assert "看更早的" in newest
    assert "生成任务" in oldest
    assert "回到最新" in oldest


@pytest.mark.parametrize("query", ["before=never", "before=2026-11-24", "kind=nonsense"])
def test_a_bad_address_shows_the_newest(as_lin: Client, chen: Patient, query: str) -> None:
    assert "登记为患者" in text_of(as_lin, f"/patients/{chen.key}/timeline/?{query}", **HTMX)


def test_a_timeline_address_without_a_script_opens_the_page(as_lin: Client, chen: Patient) -> None:
    response = as_lin.get(f"/patients/{chen.key}/timeline/?kind=messages")

    assert response.status_code == 302
    assert response["Location"] == f"/patients/{chen.key}/"


def test_every_kind_has_events_and_every_event_a_kind() -> None:
    covered: set[str] = set()
    for kind in timeline.KINDS[1:]:
        names = timeline.names_of_kind(kind.code, sees_health=True)
        assert names
        covered |= set(names)

    assert covered == set(timeline.SENTENCES)
    hidden = timeline.names_of_kind("", sees_health=False)
    assert not [name for name in hidden if name.startswith(timeline.HEALTH)]


def test_a_stopped_patient_can_be_resumed_by_following_the_page(
    as_lin: Client, lin: Staff, chen: Patient
) -> None:
    with scope(chen.hospital_id):
        patients.record_life_event(chen, "readmission", by=lin)
    page = text_of(as_lin, f"/patients/{chen.key}/")

    assert f'href="/patients/{chen.key}/life-event/">恢复服务' in page
    assert "恢复触达" in text_of(as_lin, f"/patients/{chen.key}/life-event/")


def test_the_privacy_officer_finds_the_way_to_erase(
    riverside: Hospital, as_lin: Client, chen: Patient
) -> None:
    officer = sign_in(make_staff(riverside, role=Staff.Role.PRIVACY, name="吴隐私"))
    link = f"/patients/{chen.key}/erase/"

    assert link in text_of(officer, f"/patients/{chen.key}/")
    assert link not in text_of(as_lin, f"/patients/{chen.key}/")


def test_it_costs_the_same_with_little_and_much(
    as_lin: Client, ward: Hospital, chen: Patient
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_lin.get(f"/patients/{chen.key}/").status_code == 200
        return len(captured)

    make_reading(chen, 185, 112)
    make_task(ward, patient=chen)
    text_of(as_lin, f"/patients/{chen.key}/")
    few = cost()
    make_week(chen, 150, 95)
    for _place in range(5):
        make_task(ward, patient=chen)
        make_holding(chen, relation="family")

    assert cost() == few
