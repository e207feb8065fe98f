"""The three pages as a person meets them: readable, reachable, no panning."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder, Patient
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.health import make_reading, make_week
from lianxin.testing.patients import make_patient
from lianxin.testing.tasks import make_task

pytestmark = pytest.mark.browser
LONG_NAME = "Alexandria Montgomery-Featherstonehaugh"


def look(answers: dict[str, HttpResponseBase], width: int, scheme: str) -> list[str]:
    """Open each answer and say what is wrong with it."""
    found: list[str] = []
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 812})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for path, answer in answers.items():
            page.unroute_all()
            show(page, answer, path)
            found += [f"{path}: {finding}" for finding in axe(page)]
            if overflow(page):
                found.append(f"{path}: wider than the window")
    return found


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("zh-hans", 1440, "light"), ("en", 375, "dark")]
)
def test_the_console_pages(
    as_lin: Client, ward: Hospital, chen: Patient, language: str, width: int, scheme: str
) -> None:
    make_week(chen)
    make_reading(chen, 185, 112)
    make_task(ward, patient=make_patient(ward, name=LONG_NAME, discharged_on=time.today(ward)))
    as_lin.cookies["lx_language"] = language

    answers = {url: as_lin.get(url) for url in ("/", f"/patients/{chen.key}/")}

    assert all(answer.status_code == 200 for answer in answers.values())
    assert look(dict(answers), width, scheme) == []


@pytest.mark.parametrize(("language", "elder"), [("zh-hans", "1"), ("en", "0")])
def test_the_phone_page(
    as_phone: Client, measuring: tuple[Patient, Holder], language: str, elder: str
) -> None:
    make_reading(measuring[0], 131, 83)
    as_phone.cookies["lx_language"] = language
    as_phone.post("/p/elder/", {"elder": elder, "next": "/p/"})

    answer = as_phone.get("/p/")

    assert answer.status_code == 200
    assert look({"/p/": answer}, 375, "light") == []
