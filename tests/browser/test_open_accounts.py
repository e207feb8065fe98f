"""An operator opens an account of every kind by clicking, and each one works."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import Product, wait_for

CORP, KF = "ww0000000000clicks", "wk0000000000clicks"
APP, MINI, SMS = "wx0000000000clicks", "wx00000000mini0click", "1400009999"
SECRET = "a-secret-of-the-sandbox"
CARD = {
    "template_id": "CARD-clicks",
    "title": "复诊提醒",
    "content": "提醒：{{thing1.DATA}} 时间：{{time2.DATA}} 医院：{{thing3.DATA}}",
}
FORMS: dict[str, dict[str, str]] = {
    "企业微信": {"企业 ID": CORP, "应用 AgentId": "1000009", "应用 Secret": SECRET},
    "微信客服": {"企业 ID": CORP, "客服账号 ID": KF, "应用 Secret": SECRET},
    "公众号": {
        "AppID": APP,
        "原始 ID": "gh_clicks",
        "AppSecret": SECRET,
        "提醒用的模板 ID": "CARD-clicks",
    },
    "小程序": {
        "AppID": MINI,
        "原始 ID": "gh_mini_clicks",
        "AppSecret": SECRET,
        "提醒用的模板 ID": "CARD-clicks",
    },
    "网页聊天": {},
    "短信": {
        "短信应用 SdkAppId": SMS,
        "短信签名": "河畔医院",
        "验证码模板 ID": "2001",
        "SecretId": "AKIDclicks",
        "SecretKey": SECRET,
    },
}
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def set_up_provider(product: Product) -> None:
    """Make at the sandbox what an administrator has made at the providers before."""
    app = {"agent_id": "1000009", "secret": SECRET, "name": "连心"}
    member = {"userid": "nurse-clicks", "name": "周护士"}
    product.control("PUT", f"corps/{CORP}", {"name": "河畔", "apps": [app], "members": [member]})
    servicers = {"corp_id": CORP, "name": "河畔客服二", "servicers": ["nurse-clicks"]}
    product.control("PUT", f"kf-accounts/{KF}", servicers)
    official = {"original_id": "gh_clicks", "secret": SECRET, "templates": [CARD]}
    product.control("PUT", f"official-accounts/{APP}", official)
    mini = {"original_id": "gh_mini_clicks", "secret": SECRET, "templates": [CARD]}
    product.control("PUT", f"mini-programs/{MINI}", mini)
    sms = {"secret_id": "AKIDclicks", "secret_key": SECRET, "signs": ["河畔医院"]}
    product.control("PUT", f"sms/{SMS}", sms | {"templates": {"2001": "验证码 {1}。"}})


def sign_in(product: Product, page: Page) -> None:
    page.goto(f"{product.console}/accounts/login/")
    page.locator("input[name=login]").fill("riverside-operator")
    page.locator("input[name=password]").fill(product.password)
    with page.expect_navigation():
        page.locator("button[type=submit]").last.click()


def open_by_clicking(product: Product, page: Page, kind: str) -> None:
    """Go from the list to the form, fill it in as its labels say, and save."""
    page.goto(f"{product.console}/settings/channels/")
    page.get_by_role("link", name="接入一个账号").click()
    page.get_by_role("link", name=f"接入{kind}", exact=True).click()
    page.get_by_label("名称").fill(f"点出来的{kind}")
    for label, value in FORMS[kind].items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="保存并检查").click()
    expect(page.get_by_role("heading", name=f"点出来的{kind}")).to_be_visible()


def made_here(page: Page) -> dict[str, str]:
    """Read what the page shows once."""
    names = {"token": "#made-token", "encoding_aes_key": "#made-encoding_aes_key"}
    found = {name: page.locator(place).inner_text() for name, place in names.items()}
    return found | {"callback_url": page.locator("#callback-url").inner_text()}


@pytest.mark.parametrize("kinds", [tuple(FORMS)])
def test_an_account_of_every_kind_is_opened_by_clicking(
    product: Product, browser: Browser, kinds: tuple[str, ...]
) -> None:
    set_up_provider(product)
    page = browser.new_page(locale="zh-CN", viewport={"width": 1440, "height": 900})
    sign_in(product, page)

    for kind in kinds:
        open_by_clicking(product, page, kind)
        # The page asks by itself until the worker has checked.
        state = page.locator("#channel-state > header")
        expect(state.get_by_text("正常")).to_be_visible(timeout=40_000)
        expect(page.locator("#channel-state .is-danger")).to_have_count(0)
        if kind == "公众号":
            paste_at_provider(product, page, made_here(page))

    page.goto(f"{product.console}/settings/channels/")
    for kind in kinds:
        expect(page.get_by_role("link", name=f"点出来的{kind}")).to_be_visible()


def paste_at_provider(product: Product, page: Page, made: dict[str, Any]) -> None:
    """Give the provider what the page showed; the first follower proves it, without a reload."""
    product.control("PUT", f"official-accounts/{APP}", {**made, "mode": "safe"})
    product.act("zhang-guilan", "oa-subscribe", app_id=APP)
    row = page.locator("#channel-state li").filter(has_text="回调")
    expect(row.get_by_text("通过")).to_be_visible(timeout=40_000)
    assert wait_for(lambda: product.state()["callbacks"]["answered"], "the answer") > 0
