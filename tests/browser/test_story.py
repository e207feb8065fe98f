"""The main job, played as its people would: phone, console, sandbox over HTTP, real database."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lianxin.testing.browser import axe, overflow
from tests.running import Product, wait_for

PERSON = "zhang-guilan"
CORP, KF, APP = "wwriversidedemo", "wkriversidedemo", "wxriversidedemo"
DOCTOR = "doctor-li"
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def inbox(product: Product, kind: str = "") -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = product.state()["persons"][PERSON]["inbox"]
    return [line for line in lines if not kind or line["kind"] == kind]


def texts(product: Product) -> str:
    return "\n".join(line["body"].get("text", "") for line in inbox(product, "text"))


@pytest.fixture(scope="module")
def phone(product: Product, browser: Browser) -> Page:
    """The patient's phone: its browser is signed in to WeChat as the person of the story."""
    context = browser.new_context(viewport={"width": 375, "height": 780}, locale="zh-CN")
    context.add_cookies([{"name": "sandbox_person", "value": PERSON, "url": product.sandbox}])
    return new_page(context)


@pytest.fixture(scope="module")
def nurse(product: Product, browser: Browser) -> Page:
    return sign_in(product, browser, "riverside-nurse")


def sign_in(product: Product, browser: Browser, username: str) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = new_page(context)
    page.goto(f"{product.console}/accounts/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(product.password)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("h1")).to_have_text(re.compile("今日"))
    return page


def new_page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def assert_clean(page: Page) -> None:
    """Every page of the story: nothing for axe to find, nothing wider than the window."""
    assert axe(page) == []
    assert overflow(page) <= 0


def clock(product: Product) -> datetime:
    return datetime.fromtimestamp(product.control("GET", "clock")["now"], UTC)


def test_1_a_scanned_code_becomes_a_welcome(product: Product) -> None:
    before = clock(product)
    product.act(PERSON, "scan", code="riverside-discharge")
    link = wait_for(lambda: inbox(product, "link"), "the welcome", 20)[0]

    assert (clock(product) - before).total_seconds() < 20
    assert "李建国" in texts(product)
    assert "急症请拨 120，此处不保证及时回复" in texts(product)
    assert "非 24 小时监护" in texts(product)
    assert link["sender"] == "李建国"


def test_2_who_verify_consent(product: Product, phone: Page) -> None:
    phone.goto(inbox(product, "link")[0]["body"]["url"])
    expect(phone.locator("h1")).to_have_text(re.compile("谁在使用"))
    assert_clean(phone)
    phone.get_by_text("患者本人").click()
    phone.get_by_role("button", name="下一步").click()

    phone.get_by_label("患者姓名").fill("张桂兰")
    phone.get_by_label("住院号").fill("ZY20261107086")
    phone.get_by_role("button", name="获取验证码").click()
    phone.get_by_label("验证码").fill(wait_for(lambda: sms_code(product), "the SMS", 20))
    assert_clean(phone)
    phone.get_by_role("button", name="核验", exact=True).click()

    phone.wait_for_url(re.compile("/p/consent/"))
    assert phone.locator("input[type=radio]:checked").count() == 0
    assert_clean(phone)
    for question in phone.locator("fieldset").all():
        question.get_by_text("同意", exact=True).last.click()
    phone.get_by_role("button", name=re.compile("完成|保存")).click()
    phone.wait_for_url(re.compile("/p/(\\?.*)?$"))
    expect(phone.locator("h1")).to_have_text(re.compile("张桂兰"))
    assert_clean(phone)


def sms_code(product: Product) -> str:
    found = re.findall(r"\d{6}", texts(product))
    return str(found[-1]) if found else ""
