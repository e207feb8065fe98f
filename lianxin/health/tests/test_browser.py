"""The phone's health pages in a real browser: usable by everybody, and 120 always in sight."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client
from playwright.sync_api import Browser, Page

from lianxin.patients.models import Patient
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.health import make_medicine, make_reading, make_week

pytestmark = pytest.mark.browser

LOG = "/p/health/log/"
# The smallest phone that is still sold, and a usual one.
HEIGHTS = (667, 812)


@pytest.fixture
def answers(as_phone: Client, chen: Patient) -> dict[str, HttpResponseBase]:
    make_week(chen)
    make_medicine(chen)
    alert = make_reading(chen, 185, 112).alerts[0]
    pages = {
        "log": LOG,
        "trend": "/p/health/trend/",
        "medicines": "/p/health/medicines/",
        "symptoms": f"/p/health/symptoms/?alert={alert.key}",
        "again": f"/p/health/again/{alert.key}/",
        "urgent": f"/p/health/urgent/{alert.key}/",
    }
    found: dict[str, HttpResponseBase] = {}
    for language, elder in (("zh-hans", "0"), ("zh-hans", "1"), ("en", "0")):
        as_phone.cookies["lx_language"], as_phone.cookies["lx_elder"] = language, elder
        for name, url in pages.items():
            found[f"{name} {language} {elder}"] = as_phone.get(url)
    return found


def open_page(
    browser: Browser, answer: HttpResponseBase, height: int = 812, *, is_dark: bool = False
) -> Page:
    page = browser.new_page(
        color_scheme="dark" if is_dark else "light", viewport={"width": 375, "height": height}
    )
    show(page, answer, "/page/")
    return page


def test_the_pages_can_be_used_by_everybody(answers: dict[str, HttpResponseBase]) -> None:
    findings: list[str] = []
    with open_browser() as browser:
        for name, answer in answers.items():
            page = open_page(browser, answer, is_dark=name.endswith("en 0"))
            found = axe(page)
            found += ["wider than the window"] if overflow(page) else []
            findings += [f"{name}: {line}" for line in found]
            page.close()

    assert all(answer.status_code == 200 for answer in answers.values())
    assert findings == []


def test_a_dangerous_value_shows_120_above_the_keys(answers: dict[str, HttpResponseBase]) -> None:
    hidden: list[str] = []
    logs = {name: answer for name, answer in answers.items() if name.startswith("log")}
    with open_browser() as browser:
        for name, answer in logs.items():
            for height in HEIGHTS:
                page = open_page(browser, answer, height)
                type_in(page, "185112")
                hidden += [] if is_in_sight(page, "[data-lx-red] a") else [f"{name} {height}"]
                page.close()

    assert hidden == []


def type_in(page: Page, digits: str) -> None:
    for digit in digits:
        page.click(f'[data-key="{digit}"]')


def is_in_sight(page: Page, selector: str) -> bool:
    """Tell whether the middle of this is what a finger would touch there, without scrolling."""
    found: bool = page.evaluate(
        """selector => {
            const link = document.querySelector(selector), box = link.getBoundingClientRect();
            const x = box.x + box.width / 2, y = box.y + box.height / 2;
            return link.contains(document.elementFromPoint(x, y));
        }""",
        selector,
    )
    return found
