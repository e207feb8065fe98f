"""The page of a live code says which journey a scan leads to, as enrolling decides it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from lianxin.channels.actions import create_live_code
from lianxin.channels.models import LiveCode
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.journeys import actions
from lianxin.journeys.catalogue import load_template
from lianxin.journeys.models import Enrolment, Journey
from lianxin.patients.models import Holder
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account
from lianxin.testing.journeys import make_discharge_journey, make_journey, make_ready_patient

STARTS = "扫码的人核验身份并同意所需用途后，自动进入"
NOT_STARTED = "没有把扫渠道活码设为触发条件"


def make_code(hospital: Hospital, staff: Staff, journey_key: str) -> LiveCode:
    account = make_account(hospital)
    with scope(hospital):
        by = SystemActor(hospital.pk)
        return create_live_code(account, "海报", staff=staff, by=by, journey_key=journey_key)


def page_of(client: Client, code: LiveCode) -> str:
    return client.get(f"/settings/codes/{code.key}/").content.decode()


def triggered_by(hospital: Hospital, kind: str) -> Journey:
    document: dict[str, Any] = load_template("discharge-30")
    return make_journey(hospital, document | {"triggers": [{"kind": kind}]})


def enrols(hospital: Hospital, code: LiveCode) -> bool:
    """Tell whether a verified and consenting patient who came by the code is enrolled."""
    patient = make_ready_patient(hospital, discharged_on=time.today(hospital) - timedelta(days=1))
    with scope(hospital):
        Holder.objects.update(live_code=code)
        actions.enrol_by_event(hospital.pk, [patient.pk], "patient.verified")
        return Enrolment.objects.filter(patient=patient).exists()


@pytest.mark.parametrize("name", ["code", "key"])
def test_a_journey_that_a_scan_starts_is_linked(
    as_admin: Client, riverside: Hospital, zhou: Staff, name: str
) -> None:
    journey = make_discharge_journey(riverside)
    code = make_code(riverside, zhou, getattr(journey, name))

    page = page_of(as_admin, code)

    assert STARTS in page
    assert f'<a href="/journeys/{journey.key}/">{journey.name}</a>' in page
    assert as_admin.get(f"/journeys/{journey.key}/").status_code == 200


@pytest.mark.parametrize(
    ("kind", "sentence", "is_started"),
    [("live_code", STARTS, True), ("manual", NOT_STARTED, False)],
)
def test_the_page_says_what_enrolling_does(
    as_admin: Client,
    riverside: Hospital,
    zhou: Staff,
    kind: str,
    sentence: str,
    is_started: bool,
) -> None:
    journey = triggered_by(riverside, kind)
    code = make_code(riverside, zhou, journey.code)

    assert sentence in page_of(as_admin, code)
    assert enrols(riverside, code) == is_started


def test_a_journey_that_is_not_published_says_so(
    as_admin: Client, riverside: Hospital, zhou: Staff
) -> None:
    journey = make_discharge_journey(riverside)
    with scope(riverside):
        Journey.objects.filter(pk=journey.pk).update(live=None)
    code = make_code(riverside, zhou, journey.code)

    assert "这个旅程还没有发布" in page_of(as_admin, code)


def test_a_code_of_no_journey_says_so(as_admin: Client, riverside: Hospital, zhou: Staff) -> None:
    code = make_code(riverside, zhou, "nothing-such")

    assert "没有编号是“nothing-such”的旅程" in page_of(as_admin, code)


def test_another_hospitals_journey_is_not_there(
    as_admin: Client, riverside: Hospital, elsewhere: Hospital, zhou: Staff
) -> None:
    theirs = make_discharge_journey(elsewhere)
    code = make_code(riverside, zhou, theirs.code)

    page = page_of(as_admin, code)

    assert "没有编号是" in page
    assert theirs.key not in page


@pytest.mark.parametrize("page", ["new/", "edit"])
def test_the_forms_offer_the_journeys_that_a_scan_starts(
    as_admin: Client, riverside: Hospital, zhou: Staff, page: str
) -> None:
    journey = make_discharge_journey(riverside)
    code = make_code(riverside, zhou, "")

    address = page if page == "new/" else f"{code.key}/edit/"
    shown = as_admin.get(f"/settings/codes/{address}").content.decode()

    assert f'<option value="{journey.code}">{journey.name}</option>' in shown
    assert 'list="journey-codes"' in shown
