"""The manager's page in a real browser: nothing for axe-core, nothing wider than the window."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase

from lianxin.core.models import Hospital
from lianxin.insight.tests.test_overview import make_consult
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.guarded import sign_in
from lianxin.testing.staff import make_staff

pytestmark = pytest.mark.browser


@pytest.fixture
def answers(riverside: Hospital) -> dict[str, HttpResponseBase]:
    for index in range(40):
        make_consult(riverside, asked=5 + index * 12, waited=None if index % 9 == 0 else 10 + index)
    client = sign_in(make_staff(riverside, role=Staff.Role.MANAGER, name="许主任"))
    found: dict[str, HttpResponseBase] = {}
    for language in ("zh-hans", "en"):
        client.cookies["lx_language"] = language
        found[f"overview {language}"] = client.get("/insight/?metric=first_response")
        found[f"people {language}"] = client.get("/insight/first_response/people/")
    return found


@pytest.mark.parametrize(
    ("width", "theme", "language"), [(375, "light", "zh-hans"), (1440, "dark", "en")]
)
def test_the_pages_can_be_used_by_everybody(
    answers: dict[str, HttpResponseBase], width: int, theme: str, language: str
) -> None:
    findings: list[str] = []
    with open_browser() as browser:
        for name in ("overview", "people"):
            page = browser.new_page(
                color_scheme="dark" if theme == "dark" else "light",
                viewport={"width": width, "height": 812},
            )
            show(page, answers[f"{name} {language}"], "/page/")
            findings += [f"{name}: {line}" for line in axe(page)]
            findings += [f"{name}: wider than the window"] if overflow(page) else []
            page.close()

    assert findings == []
