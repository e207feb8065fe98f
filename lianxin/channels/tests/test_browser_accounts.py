"""The pages of accounts in a browser: nothing for axe-core, nothing wider than the window."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels import actions
from lianxin.channels.adapters.checking import FAILING, OK, UNKNOWN, Finding
from lianxin.channels.models import Account
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.channels import make_account

pytestmark = pytest.mark.browser

SIZES = [(375, "light", "zh-hans"), (375, "light", "en"), (1440, "dark", "en")]
WRONG = {"name": "门诊", "app_id": "ww6a112864f8022910", "secret": "a b"}


@pytest.fixture
def account(riverside: Hospital) -> Account:
    """Make an account with an answer of every state on its page."""
    made = make_account(riverside)
    findings = [
        Finding("token", OK),
        Finding("ip", FAILING, "ip_not_trusted", {"ip": "203.0.113.7", "code": "60020"}),
        Finding("contacts", UNKNOWN, "ip_first"),
        Finding("members", OK, "", {"count": 2}),
    ]
    with scope(riverside):
        actions.settle_check(made, findings)
    return made


def open_by_form(client: Client, app_id: str) -> HttpResponseBase:
    url = "/settings/channels/new/mini_program/"
    page = client.get(url).content.decode()
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)
    assert ticket
    given = {
        "ticket": ticket[1],
        "name": "河畔医院心内科随访小程序",
        "app_id": app_id,
        "original_id": "gh_0123456789ab",
        "secret": "a-secret-of-an-app-that-nobody-has",
        "mode": "safe",
    }
    return client.post(url, given)


@pytest.fixture
def answers(as_admin: Client, account: Account) -> dict[str, HttpResponseBase]:
    found: dict[str, HttpResponseBase] = {}
    root = "/settings/channels/"
    for language in ("zh-hans", "en"):
        as_admin.cookies["lx_language"] = language
        found[f"made {language}"] = open_by_form(as_admin, f"wx49f0ab532d5d{language[:2]}35")
        found[f"list {language}"] = as_admin.get(root)
        found[f"kinds {language}"] = as_admin.get(f"{root}new/")
        found[f"form {language}"] = as_admin.get(f"{root}new/sms/")
        found[f"refused {language}"] = as_admin.post(f"{root}new/official_account/", WRONG)
        found[f"account {language}"] = as_admin.get(f"{root}{account.key}/")
        found[f"edit {language}"] = as_admin.get(f"{root}{account.key}/edit/")
    as_admin.post(f"{root}{account.key}/pause/")
    for language in ("zh-hans", "en"):
        as_admin.cookies["lx_language"] = language
        found[f"paused {language}"] = as_admin.get(f"{root}{account.key}/")
    return found


def test_the_pages_can_be_used_by_everybody(answers: dict[str, HttpResponseBase]) -> None:
    findings: list[str] = []
    with open_browser() as browser:
        for width, theme, language in SIZES:
            for name in [key for key in answers if key.endswith(language)]:
                page = browser.new_page(
                    color_scheme="dark" if theme == "dark" else "light",
                    viewport={"width": width, "height": 812},
                )
                show(page, answers[name], "/page/")
                found = axe(page)
                found += ["wider than the window"] if overflow(page) else []
                findings += [f"{name} {width} {theme}: {line}" for line in found]
                page.close()

    assert answers["made en"].status_code == 200
    assert answers["refused en"].status_code == 422
    assert findings == []
