"""The patient's page of notices: what is left, and saying yes to more inside WeChat."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from django.test import Client
from playwright.sync_api import Page, Route, expect

from lianxin.channels.models import Account
from lianxin.core.models import Hospital
from lianxin.outreach.portal import WECHAT_SDK
from lianxin.testing.browser import axe, open_browser, overflow
from lianxin.testing.channels import APP_ID, make_account, open_windows
from lianxin.testing.outreach import Reachable, make_reachable
from lianxin.testing.patients import sign_in_phone
from lianxin.testing.processes import Sandbox
from lianxin.testing.subscriptions import answer_popup, make_subscribe_template

NOTICES = "/p/notices/"
HOUSE = "http://localhost"
TEMPLATE = {"template_id": "N1", "title": "用药提醒", "content": "{{thing1.DATA}}"}


@pytest.fixture
def follower(in_riverside: Hospital, sandbox: Sandbox, settings: LazySettings) -> Reachable:
    """Give a patient who came by an Official Account with one notice."""
    open_windows()
    settings.BASE_URL = HOUSE
    sandbox.put(f"/control/official-accounts/{APP_ID}", {"notices": [TEMPLATE]})
    kind, url = Account.Kind.OFFICIAL_ACCOUNT, sandbox.official_url
    account = make_account(in_riverside, kind, base_url=url, app_id=APP_ID)
    open_id = sandbox.open_id("wang", APP_ID)
    return make_reachable(in_riverside, account=account, external_id=open_id)


@pytest.fixture
def phone(follower: Reachable) -> Client:
    client: Client = sign_in_phone(Client(), follower.holder)
    return client


def read(phone: Client) -> str:
    return str(phone.get(NOTICES).content.decode())


def test_the_page_says_what_is_left_of_each_notice(phone: Client, follower: Reachable) -> None:
    assert "现在没有可以订阅的通知" in read(phone)
    template = make_subscribe_template(follower.account, title="复诊提醒")
    lasting = make_subscribe_template(follower.account, title="随访提醒", kind="long_term")
    make_subscribe_template(follower.account, title="没有在用", uses=[])
    assert read(phone).count("还没有同意") == 2

    for template_id in (template.template_id, template.template_id, lasting.template_id):
        answer_popup(follower.address, template_id)

    page = read(phone)
    assert "还会收到 2 次" in page
    assert "已长期订阅" in page
    assert "没有在用" not in page
    answer_popup(follower.address, lasting.template_id, "reject", kind="change")
    assert "您在微信里关掉了" in read(phone)


def test_the_page_alone_may_run_wechats_script(phone: Client) -> None:
    origin = "https://" + urlsplit(WECHAT_SDK).netloc

    assert f"script-src 'self' {origin};" in phone.get(NOTICES)["Content-Security-Policy"]
    assert origin not in phone.get("/p/me/")["Content-Security-Policy"]


def test_the_list_of_what_is_mine_leads_there(phone: Client) -> None:
    assert f'href="{NOTICES}"' in phone.get("/p/me/").content.decode()


@pytest.mark.parametrize(
    ("url", "status"), [(f"{HOUSE}{NOTICES}", 200), ("https://elsewhere.example/", 409), ("", 422)]
)
def test_only_our_own_page_is_signed(
    phone: Client, follower: Reachable, url: str, status: int
) -> None:
    make_subscribe_template(follower.account)

    answer = phone.post(f"{NOTICES}signature/", {"url": url})

    assert answer.status_code == status
    if status == 200:
        assert answer.json()["appId"] == APP_ID
        assert set(answer.json()) == {"appId", "timestamp", "nonceStr", "signature"}


def test_without_notices_nothing_is_signed(phone: Client) -> None:
    answer = phone.post(f"{NOTICES}signature/", {"url": f"{HOUSE}{NOTICES}"})

    assert answer.status_code == 404


def test_a_silent_provider_is_said_in_words(
    phone: Client, follower: Reachable, sandbox: Sandbox
) -> None:
    make_subscribe_template(follower.account)
    sandbox.add_fault("api_busy", path="/cgi-bin/ticket/*", count=9)

    answer = phone.post(f"{NOTICES}signature/", {"url": f"{HOUSE}{NOTICES}"})

    assert answer.status_code == 503
    assert "一分钟后" in answer.json()["error"]


# ---- in the phone -------------------------------------------------------------------------


@pytest.fixture
def answers(
    phone: Client, follower: Reachable, sandbox: Sandbox, settings: LazySettings
) -> dict[str, HttpResponseBase]:
    settings.CSP_FRAME_ANCESTORS = sandbox.origin
    settings.PROVIDER_URLS = {"wechat_sdk": f"{sandbox.origin}/phone/static/wechat.js"}
    make_subscribe_template(follower.account, template_id="N1")
    # Before the browser starts: beside its loop the database is out of reach.
    return {
        NOTICES: phone.get(NOTICES),
        f"{NOTICES}signature/": phone.post(f"{NOTICES}signature/", {"url": f"{HOUSE}{NOTICES}"}),
    }


def serve(page: Page, answers: dict[str, Any]) -> None:
    """Answer for the house: its two pages and the static files."""

    def fulfill(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path in answers:
            answer = answers[path]
            headers = dict(answer.items())
            route.fulfill(status=answer.status_code, headers=headers, body=answer.content)
        elif found := finders.find(path.removeprefix("/static/")):
            route.fulfill(path=str(found))
        else:
            route.fulfill(status=204)

    page.route(f"{HOUSE}/**", fulfill)
    # A page that no server gave may not fetch from this machine, so the script is given, too.
    page.route("**/wechat.js", lambda route: route.fulfill(response=route.fetch()))


@pytest.mark.browser
def test_the_patient_says_yes_in_the_phone(
    answers: dict[str, HttpResponseBase], sandbox: Sandbox
) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 375, "height": 812})
        serve(page, answers)
        page.goto(f"{HOUSE}{NOTICES}")
        expect(page.get_by_text("请在微信里打开这一页")).to_be_visible()
        assert overflow(page) == 0
        assert axe(page) == []

        page.goto(sandbox.origin)
        page.request.post(f"{sandbox.origin}/phone/hold", data={"person": "wang"})
        page.reload()
        page.evaluate(
            "url => import('/phone/static/phone.js').then(one => one.openLink(url))",
            f"{HOUSE}{NOTICES}",
        )
        inside = page.frame_locator("#web-frame")
        inside.get_by_role("button", name="同意接收通知").click()
        page.get_by_role("button", name="同意", exact=True).click()
        expect(inside.get_by_text("已记下")).to_be_visible()

    follower = sandbox.state()["official_accounts"][APP_ID]["followers"]
    assert [one["ticks"] for one in follower.values()] == [{"N1": 1}]
