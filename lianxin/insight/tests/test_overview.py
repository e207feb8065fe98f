from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.conversations.models import Consult
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.health.actions import plan_measurements
from lianxin.health.models import Alert
from lianxin.insight import queries
from lianxin.insight.rules.showing import Figure
from lianxin.outreach.actions import Draft, submit
from lianxin.outreach.models import Delivery, Intent
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.conversations import make_thread
from lianxin.testing.guarded import assert_guarded, sign_in
from lianxin.testing.health import approve_rows, make_measuring_patient, make_week
from lianxin.testing.patients import make_patient
from lianxin.testing.staff import make_staff


@pytest.fixture
def manager(riverside: Hospital) -> Staff:
    return make_staff(riverside, role=Staff.Role.MANAGER, name="许主任")


@pytest.fixture
def as_manager(manager: Staff) -> Client:
    return sign_in(manager)


def figure(actor: Staff, code: str, days: int = 30) -> Figure:
    with scope(actor.hospital_id):
        return queries.access_reading(actor, code, queries.last_days(days)).now


def make_consult(hospital: Hospital, *, asked: float, waited: float | None) -> Consult:
    """Make a consult asked so many hours ago and answered after so many minutes, or never."""
    thread = make_thread(hospital)
    at = time.now() - timedelta(hours=asked)
    with scope(hospital):
        consult = Consult.objects.get(thread=thread)
        consult.first_patient_at = at
        consult.first_reply_due_at = at + timedelta(minutes=60)
        consult.first_reply_at = None if waited is None else at + timedelta(minutes=waited)
        consult.save()
        return consult


def make_delivery(patient: Patient, *, sent: float, opened: float | None) -> Delivery:
    """Make a template sent so many hours ago and opened after so many hours, or never."""
    at = time.now() - timedelta(hours=sent)
    with scope(patient.hospital_id):
        draft = Draft(
            unique_key=f"test:{Intent.objects.count()}",
            kind="card",
            priority="follow_up",
            patient_id=patient.pk,
        )
        intent = submit(patient.hospital_id, draft, by=SystemActor(patient.hospital_id))
        return Delivery.objects.create(
            hospital_id=patient.hospital_id,
            intent=intent,
            patient=patient,
            carrier="oa_template",
            state=Delivery.State.SENT,
            priority="follow_up",
            client_key=f"test{intent.pk}",
            created_at=at,
            sent_at=at,
            opened_at=None if opened is None else at + timedelta(hours=opened),
        )


def test_the_first_response_is_the_median_and_leaves_nobody_out(
    riverside: Hospital, manager: Staff
) -> None:
    for waited in (10.0, 20.0, 90.0, None):
        make_consult(riverside, asked=5, waited=waited)

    found = figure(manager, "first_response")

    assert (found.numerator, found.denominator, found.missing) == (2, 4, 1)
    assert found.median == pytest.approx(20)
    assert found.p90 == pytest.approx(76)


def test_open_rate_counts_what_had_its_72_hours(riverside: Hospital, manager: Staff) -> None:
    patient = make_patient(riverside)
    make_delivery(patient, sent=100, opened=2)
    make_delivery(patient, sent=100, opened=73)  # too late
    make_delivery(patient, sent=100, opened=None)
    make_delivery(patient, sent=10, opened=1)  # its window is not over

    found = figure(manager, "open_rate")

    assert (found.numerator, found.denominator) == (1, 3)


def test_log_completeness_counts_planned_slots_of_full_days(
    riverside: Hospital, manager: Staff, zhou: Staff
) -> None:
    approve_rows(riverside, zhou)
    patient, _holder = make_measuring_patient(riverside)
    with scope(riverside):
        start = time.today(riverside) - timedelta(days=10)
        plan_measurements(patient, from_on=start, by=zhou)
    make_week(patient)

    found = figure(manager, "log_completeness")

    assert (found.numerator, found.denominator) == (14, 20)


def test_care_that_was_stopped_is_not_counted_as_missing(
    riverside: Hospital, manager: Staff, zhou: Staff
) -> None:
    approve_rows(riverside, zhou)
    patient, _holder = make_measuring_patient(riverside)
    with scope(riverside):
        start = time.today(riverside) - timedelta(days=10)
        plan_measurements(patient, from_on=start, by=zhou)
        Patient.objects.filter(pk=patient.pk).update(
            stopped_at=time.now() - timedelta(days=8), stop_reason="readmission"
        )

    assert figure(manager, "log_completeness").denominator == 4


def test_an_alert_nobody_took_counts_up_to_now(riverside: Hospital, manager: Staff) -> None:
    patient = make_patient(riverside)
    raised = time.now() - timedelta(minutes=50)
    with scope(riverside):
        Alert.objects.create(
            hospital=riverside,
            patient=patient,
            metric="bp",
            family="bp",
            rule_code="BP-01",
            rule_version=1,
            level=Alert.Level.RED,
            state=Alert.State.OPEN,
            raised_at=raised,
            opened_at=raised,
            deadline_at=raised + timedelta(minutes=15),
        )

    found = figure(manager, "alert_response")

    assert (found.numerator, found.denominator, found.missing) == (0, 1, 1)
    assert found.median == pytest.approx(50, abs=1)


def test_the_page_hides_small_numbers_and_says_so(as_manager: Client, riverside: Hospital) -> None:
    make_consult(riverside, asked=5, waited=10)

    page = as_manager.get("/insight/?days=7&metric=consult_count").content.decode()

    assert "少于 10，不显示" in page
    assert "咨询次数" in page
    assert "还没有锁定基线" in page


def test_the_page_shows_numbers_parts_and_carriers(as_manager: Client, riverside: Hospital) -> None:
    for _ in range(12):
        make_consult(riverside, asked=5, waited=20)

    page = as_manager.get("/insight/?metric=first_response").content.decode()

    assert "12 / 12" in page
    assert "不含企业微信一对一聊天" in page
    assert "/insight/first_response/people/" in page


def test_nothing_is_a_dash_and_not_zero(as_manager: Client) -> None:
    page = as_manager.get("/insight/?days=nonsense&metric=nonsense").content.decode()

    assert page.count('<p class="lx-tile-value">—') == 5


def test_the_people_behind_a_number_are_masked_and_in_the_access_log(
    as_manager: Client, manager: Staff, riverside: Hospital
) -> None:
    patient = make_patient(riverside, name="王建国")
    make_delivery(patient, sent=100, opened=None)

    page = as_manager.get("/insight/open_rate/people/?days=7").content.decode()

    with scope(riverside):
        looks = AccessEntry.objects.filter(by_id=manager.pk, patient_id=patient.pk)
        assert looks.get().page == "insight:people"
    assert "王*国" in page
    assert "王建国" not in page


@pytest.mark.parametrize(
    "code", ["open_rate", "first_response", "log_completeness", "alert_response", "consult_count"]
)
def test_every_number_leads_to_its_people(as_manager: Client, code: str) -> None:
    assert as_manager.get(f"/insight/{code}/people/?days=90").status_code == 200


def test_an_operator_sees_numbers_and_no_patients(riverside: Hospital) -> None:
    client = sign_in(make_staff(riverside, role=Staff.Role.OPERATOR))

    assert client.get("/insight/").status_code == 200
    assert client.get("/insight/open_rate/people/").status_code == 403


def test_an_unknown_number_does_not_exist(as_manager: Client) -> None:
    assert as_manager.get("/insight/nonsense/people/").status_code == 404


def test_the_export_opens_in_a_spreadsheet(as_manager: Client, riverside: Hospital) -> None:
    for _ in range(12):
        make_consult(riverside, asked=5, waited=20)

    response = as_manager.get("/insight/export/?days=7")

    lines = response.content.decode("utf-8-sig").splitlines()
    assert response["Content-Type"].startswith("text/csv")
    assert lines[0].startswith("指标,数值,单位,分子,分母")
    assert len(lines) == 6
    assert any(line.startswith("首次响应时间,20,分钟,12,12") for line in lines)


@pytest.mark.parametrize("url", ["/insight/", "/insight/export/", "/insight/open_rate/people/"])
def test_the_pages_are_guarded(riverside: Hospital, url: str) -> None:
    assert_guarded(url, "GET", hospital=riverside, permission="insight.read", has_object=False)


def test_another_hospitals_rows_are_not_counted(riverside: Hospital, elsewhere: Hospital) -> None:
    make_consult(riverside, asked=5, waited=20)
    stranger = make_staff(elsewhere, role=Staff.Role.MANAGER)

    assert figure(stranger, "consult_count").denominator == 0


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


def test_the_page_costs_the_same_for_one_and_for_many(
    as_manager: Client, riverside: Hospital
) -> None:
    make_consult(riverside, asked=5, waited=10)
    for_one = count_queries(as_manager, "/insight/")
    for _ in range(11):
        make_consult(riverside, asked=5, waited=10)

    assert count_queries(as_manager, "/insight/") == for_one


def test_a_manager_finds_the_ratings_where_the_numbers_are(as_manager: Client) -> None:
    assert 'href="/inbox/ratings/"' in as_manager.get("/insight/").content.decode()

    page = as_manager.get("/inbox/ratings/")

    assert page.status_code == 200
    assert '<a href="/insight/">数据</a>' in page.content.decode()
    assert 'href="/inbox/"' not in page.content.decode()
