"""The frames in a real browser: nothing for axe-core to find, nothing wider than the window."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from lianxin.testing.browser import axe, open_browser, overflow, show

pytestmark = pytest.mark.browser


@pytest.fixture
def answers(client: Client, as_lin: Client) -> dict[str, HttpResponseBase]:
    """Fetch the pages first: inside the browser's loop the database may not be asked."""
    found: dict[str, HttpResponseBase] = {}
    for language in ("zh-hans", "en"):
        client.cookies["lx_language"] = as_lin.cookies["lx_language"] = language
        found[f"sign-in {language}"] = client.get(reverse("account_login"))
        found[f"components {language}"] = as_lin.get(reverse("web:components"))
        found[f"closed door {language}"] = client.get("/p/no/such/page/")
    return found


def look(browser: Browser, name: str, answer: HttpResponseBase, size: tuple[int, str]) -> list[str]:
    """Open one page at one width in one theme and say what is wrong with it."""
    width, theme = size
    context = browser.new_context(
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 812},
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    show(page, answer, "/page/")
    findings = [*axe(page), *(line for line in complaints if "EventSource" not in line)]
    if overflow(page):
        findings.append("wider than the window")
    context.close()
    return [f"{name} {width} {theme}: {finding}" for finding in findings]


@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [
        (375, "light", "zh-hans"),
        (1440, "dark", "zh-hans"),
        (375, "dark", "en"),
        (1440, "light", "en"),
    ],
)
def test_a_page_can_be_used_by_everybody(
    answers: dict[str, HttpResponseBase], width: int, theme: str, language: str
) -> None:
    with open_browser() as browser:
        findings = [
            finding
            for name, answer in answers.items()
            if name.endswith(language)
            for finding in look(browser, name, answer, (width, theme))
        ]

    assert findings == []


def test_the_dialog_opens_and_closes_without_a_mouse(answers: dict[str, HttpResponseBase]) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        show(page, answers["components zh-hans"], "/components/")
        dialog = page.locator("dialog")

        page.get_by_role("button", name="打开对话框").press("Enter")
        opened = dialog.is_visible()
        page.keyboard.press("Escape")
        closed = not dialog.is_visible()

    assert (opened, closed) == (True, True)
