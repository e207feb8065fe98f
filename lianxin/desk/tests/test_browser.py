"""The three pages as a person meets them: readable, reachable, no panning."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client
from playwright.sync_api import Route, expect

from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder, Patient
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.channels import make_account, make_address
from lianxin.testing.conversations import make_script
from lianxin.testing.health import make_reading, make_week
from lianxin.testing.patients import make_holder, make_holding, make_patient
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


@pytest.mark.parametrize(("language", "scheme"), [("zh-hans", "light"), ("en", "dark")])
def test_beside_a_chat(
    as_lin: Client, ward: Hospital, chen: Patient, language: str, scheme: str
) -> None:
    """The narrow column of WeCom: known, shared by two, unknown, and not heard of yet."""
    account = make_account(ward)
    known, shared, unknown = (make_address(account, staff_userid="LinHushi") for _number in "abc")
    make_holding(chen, make_holder(ward, address=known))
    two = make_holder(ward, address=shared)
    make_holding(chen, two)
    make_holding(make_patient(ward, name=LONG_NAME), two, relation="family")
    make_script(ward, "{称呼}您好，复诊请空腹。")
    make_week(chen)
    make_reading(chen, 185, 112)
    make_task(ward, patient=chen)
    as_lin.cookies["lx_language"] = language
    whole = as_lin.get(f"/sidebar/patients/{chen.key}/")
    chats = (known.external_id, shared.external_id, unknown.external_id, "wmNobody")
    parts = [as_lin.post("/sidebar/contact/", {"external_id": chat}) for chat in chats]

    found = []
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 300, "height": 812})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        show(page, whole, "/sidebar/")
        found += axe(page)
        for chat, part in zip(chats, parts, strict=True):
            page.locator("main").evaluate(
                "(main, told) => main.innerHTML = told", part.content.decode()
            )
            found += [f"{chat}: {finding}" for finding in axe(page)]
            found += [f"{chat}: wider than the window"] * bool(overflow(page))

    assert found == []


def test_what_happens_before_the_stream_opens_is_seen(
    as_lin: Client, ward: Hospital, chen: Patient
) -> None:
    """A page is made, an alert comes, and only then does the page's stream open, once."""
    page_made = as_lin.get("/")
    make_reading(chen, 185, 112)
    board_later = as_lin.get("/", headers={"HX-Request": "true"})
    asked: list[str] = []

    def open_once(route: Route) -> None:
        asked.append(route.request.url)
        headers = {"Content-Type": "text/event-stream"}
        is_first = len(asked) == 1
        route.fulfill(status=200 if is_first else 503, headers=headers, body=": open\n\n")

    with open_browser() as browser:
        page = browser.new_page()
        show(page, page_made, "/made/")
        made = page.url
        page.goto("about:blank")  # what was opened until now asks for no stream any more
        page.route("**/live/?topic=*", open_once)
        page.route("**/?scope=*", lambda route: route.fulfill(body=board_later.content))
        page.goto(made)
        expect(page.get_by_text("185/112").first).to_be_visible()
