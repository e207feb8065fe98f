"""The page as a person uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sandbox.tests.product import CORP, KF, MINI, Product

CHROMIUM = "/usr/bin/chromium"
# The machine may be busy with all the other tests.
expect.set_options(timeout=15_000)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(product: Product, browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(str(product.client.base_url))
    page.get_by_role("radio", name="张桂兰").click()
    expect(page.get_by_text("还没有聊天")).to_be_visible()
    yield page
    page.close()
    assert problems == []


def test_scan_chat_and_confirm(product: Product, page: Page) -> None:
    product.add_way(remark="李医生·出院码")
    expect(page.get_by_text("李医生·出院码")).to_be_visible()
    page.get_by_role("button", name="扫码").click()
    expect(page.get_by_text("你已添加了李建国")).to_be_visible()
    page.get_by_label("输入消息").fill("我有点头晕")
    page.keyboard.press("Enter")
    expect(page.locator(".sb-proof")).to_have_text("不产生回调，连心看不到")

    external = product.state()["persons"]["zhang"]["ids"]["external_user_ids"][CORP]
    body = {"external_userid": [external], "text": {"content": "您有一条健康提醒"}}
    product.external("add_msg_template", body)
    page.get_by_role("button", name="确认发送").click()

    expect(page.locator(".sb-bubble").last).to_have_text("您有一条健康提醒")


def test_a_link_opens_inside_the_phone(product: Product, page: Page) -> None:
    code = product.person("scan", code=product.add_way()["config_id"])["welcome_code"]
    url = str(product.client.base_url.join("/healthz"))
    link = {"title": "先告诉我们谁在使用", "url": url}
    welcome = {"welcome_code": code, "attachments": [{"msgtype": "link", "link": link}]}
    assert product.external("send_welcome_msg", welcome)["errcode"] == 0

    page.locator(".sb-row").click()
    page.get_by_role("log").get_by_role("button", name="先告诉我们谁在使用").click()

    expect(page.frame_locator("#web-frame").get_by_text("ok")).to_be_visible()
    page.get_by_role("button", name="关闭网页").click()
    expect(page.locator("#web")).to_be_hidden()


def test_what_comes_in_while_a_finger_presses_takes_no_press_away(
    product: Product, page: Page
) -> None:
    code = product.person("scan", code=product.add_way()["config_id"])["welcome_code"]
    link = {"title": "先告诉我们谁在使用", "url": str(product.client.base_url.join("/healthz"))}
    welcome = {"welcome_code": code, "attachments": [{"msgtype": "link", "link": link}]}
    assert product.external("send_welcome_msg", welcome)["errcode"] == 0
    page.locator(".sb-row").click()
    page.get_by_role("log").get_by_role("button", name="先告诉我们谁在使用").hover()

    page.mouse.down()
    with page.expect_response("**/phone/data*"):
        product.person("write", corp_id=CORP, userid="lijianguo", text="还有一句")
    page.mouse.up()

    expect(page.frame_locator("#web-frame").get_by_text("ok")).to_be_visible()
    expect(page.locator(".sb-bubble").last).to_have_text("还有一句")


def test_a_page_learns_who_came_and_leads_to_customer_service(product: Product, page: Page) -> None:
    """The way of the welcome link: sign-in inside the frame, then out into the KF chat."""
    ask = product.wecom("kf/add_contact_way", {"open_kfid": KF, "scene": "page"})["url"]
    back = product.receiver.url("page") + "?" + urlencode({"ask": ask})
    sign_in = {"appid": CORP, "redirect_uri": back, "response_type": "code", "state": "s"}
    origin = str(product.client.base_url)
    url = f"{origin}/connect/oauth2/authorize?{urlencode(sign_in)}#wechat_redirect"
    code = product.person("scan", code=product.add_way()["config_id"])["welcome_code"]
    words = {"welcome_code": code, "text": {"content": f'<a href="{url}">找我们团队</a>'}}
    assert product.external("send_welcome_msg", words)["errcode"] == 0

    page.locator(".sb-row").click()
    page.get_by_role("link", name="找我们团队").click()
    inside = page.frame_locator("#web-frame")
    expect(inside.get_by_text("认识你", exact=True)).to_be_visible()
    inside.get_by_role("link", name="问护士").click()

    expect(page.get_by_role("heading", name="河畔医院客服")).to_be_visible()
    expect(page.locator("#web")).to_be_hidden()
    messages = product.state()["corps"][CORP]["kf"][KF]["messages"]
    assert messages[-1]["event"]["scene"] == "page"


def test_a_mini_program_is_opened_ticked_and_written_to(product: Product, page: Page) -> None:
    page.get_by_role("button", name="发现").click()
    page.get_by_role("button", name="河畔随访").click()
    inside = page.frame_locator("#web-frame")
    expect(inside.get_by_text("不认识你")).to_be_visible()
    page.get_by_role("button", name="关闭网页").click()

    product.person("mini-service", app_id=MINI)
    product.person("mini-write", app_id=MINI, text="在吗")
    page.get_by_role("button", name="微信", exact=True).click()
    page.locator(".sb-row").click()
    page.get_by_role("button", name="更多", exact=True).click()
    page.get_by_role("button", name="勾选「复诊提醒」").click()
    expect(page.get_by_text("张桂兰答复了河畔随访的订阅提醒")).to_be_visible()
    page.get_by_role("button", name="更多", exact=True).click()
    expect(page.get_by_role("button", name="还可发 1 条")).to_be_visible()
    page.get_by_role("button", name="取消", exact=True).click()
    page.get_by_label("输入消息").fill("谢谢")
    page.keyboard.press("Enter")

    expect(page.locator(".sb-bubble").last).to_have_text("谢谢")
    expect(page.locator(".sb-proof").last).to_contain_text("已送到连心")


def test_a_fault_can_be_switched(product: Product, page: Page) -> None:
    page.get_by_role("switch", name="回调丢失").click()
    expect(page.get_by_text("已开 1 个")).to_be_visible()
    assert product.state()["faults"][0]["kind"] == "callback_drop"

    page.get_by_role("switch", name="回调丢失").click()
    expect(page.get_by_text("已开 1 个")).to_be_hidden()


def test_the_clock_moves_and_comes_back(product: Product, page: Page) -> None:
    page.get_by_role("button", name="+1 天").click()
    expect(page.get_by_text("比真实时间快 1 天")).to_be_visible()
    page.get_by_role("button", name="回到现在").click()
    expect(page.get_by_text("比真实时间快 1 天")).to_be_hidden()
    assert product.state()["clock"]["offset_seconds"] == 0


def test_the_log_unfolds_to_cipher_and_plain(product: Product, page: Page) -> None:
    product.person("kf-write", open_kfid=KF, text="在吗")
    product.settle()
    page.locator("button.sb-event.callback").first.click()

    expect(page.get_by_text("发出的密文")).to_be_visible()
    expect(page.locator(".sb-pair pre").first).to_contain_text("<Encrypt>")
    expect(page.locator(".sb-pair pre").last).to_contain_text("kf_msg_or_event")


@pytest.mark.parametrize("width", [1440, 375])
def test_axe_finds_nothing(product: Product, page: Page, width: int) -> None:
    product.person("scan", code=product.add_way()["config_id"])
    product.person("kf-write", open_kfid=KF, text="在吗")
    product.settle()
    page.set_viewport_size({"width": width, "height": 900})
    # Both talks began within a second: which of them stands first is not said.
    page.locator(".sb-row", has_text="客服").first.click()
    expect(page.locator(".sb-bubble")).to_be_visible()
    page.locator("button.sb-event.callback").first.click()
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(r => r.violations)")

    assert [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
