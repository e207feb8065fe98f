"""The pages of patients and compliance as a person meets them: readable, reachable, no panning."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from lianxin.core import access_log
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, shot, show
from lianxin.testing.compliance import grant
from lianxin.testing.patients import make_holder, make_holding, make_patient, sign_in_phone
from lianxin.testing.staff import make_team

pytestmark = pytest.mark.browser
# Name a folder here to look at the pages as pictures.
PICTURES = os.environ.get("LIANXIN_PICTURES", "")
LONG_NAME = "Alexandria Montgomery-Featherstonehaugh"


@pytest.fixture
def ward(riverside: Hospital, lin: Staff, zhou: Staff) -> list[Patient]:
    """Give a ward with short and long names, stopped, risky, tagged and verified patients."""
    team = make_team(riverside, zhou, lin)
    names = ["张桂兰", "王芳", "欧阳建国", LONG_NAME, "阿卜杜拉·买买提", "李小宝"]
    patients = [
        make_patient(riverside, name=name, team=team, risk="high" if place == 1 else "low")
        for place, name in enumerate(names)
    ]
    with scope(riverside):
        actions.record_life_event(patients[2], "readmission", by=lin)
        actions.tag_patient(patients[0], "心内科", by=lin, reason="manual", is_neutral=True)
        access_log.record_views(zhou, [patients[0].pk], page="desk:patient")
        access_log.record_refusal(lin, page="compliance:erase")
    make_holding(patients[0])
    grant(patients[0], "health_records", "reminders")
    return patients


def console_pages(ward: list[Patient]) -> list[str]:
    of_one = ("edit", "bedside_patient", "life_event", "merge")
    key = ward[0].key
    return [
        reverse("patients:list"),
        reverse("patients:register"),
        reverse("patients:bedside_desk"),
        *(reverse(f"patients:{name}", args=[key]) for name in of_one),
        reverse("patients:life_event", args=[ward[2].key]),
        reverse("compliance:overview"),
        reverse("compliance:access"),
        reverse("compliance:wording"),
        reverse("compliance:consents", args=[key]),
        reverse("compliance:erase", args=[key]),
    ]


def phone_pages() -> list[str]:
    return [
        reverse("patients:who"),
        f"{reverse('patients:verify')}?as=self",
        f"{reverse('patients:bedside')}?as=family",
        *(
            reverse(f"compliance:{name}")
            for name in ("phone_consent", "phone_me", "phone_looks", "phone_notice")
        ),
    ]


def look(answers: dict[str, HttpResponseBase], width: int, name: str) -> list[str]:
    """Open each answer and say what is wrong with it."""
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 812})
        return [
            f"{url}: {finding}"
            for url, answer in answers.items()
            for finding in findings_of(page, url, answer, name)
        ]


def findings_of(page: Page, url: str, answer: HttpResponseBase, name: str) -> list[str]:
    path = url.split("?")[0]
    page.unroute_all()
    show(page, answer, path)
    found = axe(page)
    if overflow(page):
        found.append("wider than the window")
    if PICTURES:
        place = path.strip("/").replace("/", "-")
        width = (page.viewport_size or {"width": 0})["width"]
        shot(page, Path(PICTURES) / f"{name}-{place}.png", width)
    return found


def test_the_console_pages(as_admin: Client, ward: list[Patient]) -> None:
    answers: dict[str, HttpResponseBase] = {url: as_admin.get(url) for url in console_pages(ward)}
    assert all(answer.status_code == 200 for answer in answers.values())

    assert look(answers, 1440, "console") == []


@pytest.mark.parametrize(("language", "elder"), [("zh-hans", "1"), ("en", "0")])
def test_the_phone_pages(
    riverside: Hospital, ward: list[Patient], language: str, elder: str
) -> None:
    holder = make_holding(ward[0], relation="family").holder
    make_holding(ward[5], holder, relation="family")
    make_holding(ward[1], holder, verified=False)
    with scope(riverside):
        make_holder(riverside)
    phone = sign_in_phone(Client(), holder)
    phone.cookies["lx_language"] = language
    phone.cookies["lx_elder"] = elder
    answers: dict[str, HttpResponseBase] = {url: phone.get(url) for url in phone_pages()}
    assert all(answer.status_code == 200 for answer in answers.values())

    assert look(answers, 375, f"phone-{language}-{elder}") == []
