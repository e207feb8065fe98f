from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.journeys.catalogue import load_template
from lianxin.journeys.forms import as_text
from lianxin.journeys.models import DueStep, Enrolment, Journey, JourneyVersion
from lianxin.journeys.rules.grid import make_grid
from lianxin.journeys.rules.parsing import parse_definition
from lianxin.testing.budget import query_budget
from lianxin.testing.guarded import assert_guarded
from lianxin.testing.journeys import (
    CARDS,
    make_discharge_journey,
    make_enrolment,
    make_journey,
    make_ready_patient,
)

BOTH = ("GET", "POST")


def body(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def journey(riverside: Hospital) -> Journey:
    return make_journey(riverside)


@pytest.fixture
def enrolment(journey: Journey) -> Enrolment:
    return make_enrolment(journey)


def test_a_template_becomes_a_live_journey_by_two_people(
    as_admin: Client, as_zhou: Client, riverside: Hospital
) -> None:
    assert "出院 30 天随访" in body(as_admin.get(reverse("journeys:list")))
    as_admin.post(reverse("journeys:add_template", args=["discharge-30"]))
    with scope(riverside):
        version = JourneyVersion.objects.select_related("journey").get()
    address = [version.journey.key, 1]
    assert as_admin.post(reverse("journeys:approve", args=address)).status_code == 409
    assert as_zhou.post(reverse("journeys:approve", args=address)).status_code == 302
    assert as_admin.post(reverse("journeys:publish", args=address)).status_code == 302

    page = body(as_admin.get(reverse("journeys:journey", args=[version.journey.key])))

    assert "运行中" in page
    for words in ("第 3 天", "想请护士看看", "电话随访", "08:30 一张合并卡", "同第 2 天"):
        assert words in page


def test_the_grid_says_each_day_once() -> None:
    rows = make_grid(parse_definition(load_template("discharge-30")), {})

    assert [(row.first, row.last, row.same_as) for row in rows] == [
        (0, 0, None),
        (1, 1, None),
        (2, 2, None),
        (3, 3, None),
        (4, 4, 2),
        (5, 5, None),
        (6, 6, 2),
        (7, 7, None),
        (8, 13, 2),
        (14, 14, 3),
        (15, 30, 2),
    ]


def test_saving_a_definition_names_every_problem_and_its_step(
    as_admin: Client, journey: Journey
) -> None:
    address = reverse("journeys:definition", args=[journey.key])
    broken = as_text({**CARDS, "steps": [{**CARDS["steps"][0], "slot": "noon", "dose": 1}]})

    answer = as_admin.post(address, {"text": broken})

    assert answer.status_code == 422
    assert "步骤 measure-bp-morning 的 slot" in body(answer)
    assert "步骤 measure-bp-morning 的 dose" in body(answer)
    assert as_admin.post(address, {"text": "a: [b"}).status_code == 422
    assert as_admin.post(address, {"text": "[1]"}).status_code == 422
    assert as_admin.post(address, {"text": as_text({**CARDS, "key": "other"})}).status_code == 409
    assert as_admin.post(address, {"text": as_text(CARDS)}).status_code == 302


def test_who_is_on_it_is_shown_masked_and_the_look_is_written_down(
    as_lin: Client, journey: Journey, riverside: Hospital
) -> None:
    enrolment = make_enrolment(journey)

    page = body(as_lin.get(reverse("journeys:enrolments", args=[journey.key])))

    assert "*" in page
    with scope(riverside):
        assert AccessEntry.objects.filter(patient_id=enrolment.patient_id).exists()


def test_a_nurse_enrols_pauses_goes_on_skips_and_stops(
    as_lin: Client, journey: Journey, riverside: Hospital
) -> None:
    patient = make_ready_patient(riverside, discharged_on=date.today())  # noqa: DTZ011 - any day near
    enrol = reverse("journeys:enrolments", args=[journey.key])
    assert as_lin.post(enrol, {"patient": patient.key}).status_code == 302
    assert as_lin.post(enrol, {"patient": patient.key}).status_code == 409
    with scope(riverside):
        enrolment = Enrolment.objects.get()
        step = DueStep.objects.order_by("-due_at", "id")[0]
    for name in ("pause", "resume"):
        assert as_lin.post(reverse(f"journeys:{name}", args=[enrolment.key])).status_code == 302
    skip = reverse("journeys:skip", args=[enrolment.key, step.pk])
    assert [as_lin.post(skip).status_code for _ in range(2)] == [302, 409]
    assert as_lin.post(reverse("journeys:stop", args=[enrolment.key])).status_code == 302

    page = body(as_lin.get(reverse("journeys:enrolment", args=[enrolment.key])))

    assert "已停止" in page
    assert "医护跳过" in page
    ended = as_lin.get(reverse("journeys:enrolments", args=[journey.key]) + "?ended=1")
    assert "医护停止" in body(ended)


def test_every_page_is_guarded(journey: Journey, riverside: Hospital) -> None:
    draft = [journey.key, 1]
    pages: list[tuple[str, list[object], str, tuple[str, ...], dict[str, str] | None]] = [
        ("journey", [journey.key], "journey.read", ("GET",), None),
        ("definition", [journey.key], "journey.edit", BOTH, {"text": ""}),
        ("retire", [journey.key], "journey.edit", ("POST",), None),
        ("enrolments", [journey.key], "journey.read", BOTH, {"patient": ""}),
        ("approve", draft, "journey.approve", ("POST",), None),
        ("publish", draft, "journey.edit", ("POST",), None),
    ]
    for name, args, permission, methods, bad in pages:
        assert_guarded(
            reverse(f"journeys:{name}", args=args),
            methods[0],
            hospital=riverside,
            permission=permission,
            bad=bad,
            methods=methods,
        )


def test_every_page_of_an_enrolment_is_guarded(enrolment: Enrolment, riverside: Hospital) -> None:
    with scope(riverside):
        step = DueStep.objects.filter(enrolment=enrolment)[0]
    pages: list[tuple[str, list[object], str, str]] = [
        ("enrolment", [enrolment.key], "GET", "patient.read"),
        ("pause", [enrolment.key], "POST", "patient.edit"),
        ("resume", [enrolment.key], "POST", "patient.edit"),
        ("stop", [enrolment.key], "POST", "patient.edit"),
        ("skip", [enrolment.key, step.pk], "POST", "patient.edit"),
        ("replay", [enrolment.key, step.pk], "POST", "journey.edit"),
    ]
    for name, args, method, permission in pages:
        url = reverse(f"journeys:{name}", args=args)
        assert_guarded(url, method, hospital=riverside, permission=permission)


def test_the_pages_without_an_object_are_guarded(riverside: Hospital, as_admin: Client) -> None:
    assert_guarded(
        reverse("journeys:list"),
        "GET",
        hospital=riverside,
        permission="journey.read",
        has_object=False,
    )
    url = reverse("journeys:add_template", args=["discharge-30"])
    assert_guarded(url, "POST", hospital=riverside, permission="journey.edit", has_object=False)
    assert as_admin.post(reverse("journeys:add_template", args=["none"])).status_code == 404


def test_one_and_ten_on_the_way_cost_the_same(as_lin: Client, journey: Journey) -> None:
    make_enrolment(journey)
    address = reverse("journeys:enrolments", args=[journey.key])
    as_lin.get(address)
    with CaptureQueriesContext(connection) as for_one:
        as_lin.get(address)
    for _ in range(9):
        make_enrolment(journey)
    with query_budget(len(for_one)):
        as_lin.get(address)


def test_the_sop_page_works_for_every_state(as_admin: Client, riverside: Hospital) -> None:
    journey = make_discharge_journey(riverside)
    as_admin.post(reverse("journeys:retire", args=[journey.key]))
    as_admin.post(
        reverse("journeys:definition", args=[journey.key]),
        {"text": as_text(load_template("discharge-30"))},
    )

    for query in ("", "?version=1", "?version=2"):
        answer = as_admin.get(reverse("journeys:journey", args=[journey.key]) + query)
        assert answer.status_code == 200
    missing = as_admin.get(reverse("journeys:journey", args=[journey.key]) + "?version=9")
    assert missing.status_code == 404
