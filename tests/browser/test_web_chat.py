"""The story over web chat: a guest of a foreign site becomes a patient, and is watched."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from lianxin.testing.browser import axe
from tests.browser.test_story import (
    Story,
    agree_to_everything,
    answer_in_inbox,
    assert_clean,
    new_page,
    prove_by_code,
    sign_in,
    take_alert,
)
from tests.running import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SITE = """<!DOCTYPE html><html lang="zh-Hans"><head><meta charset="utf-8"><title>河畔医院</title>
<script src="{origin}/static/conversations/widget.js" data-account="{key}" async></script>
</head><body><main><h1>河畔医院的网站</h1><p>门诊时间：8 点到 17 点。</p></main></body></html>"""
# Nothing inline, and of other origins ours alone.
POLICY = "default-src 'none'; script-src {origin}; frame-src {origin}; base-uri 'none'"


@contextmanager
def foreign_site(product: Product, account_key: str) -> Iterator[str]:
    """Serve a hospital's own site: another site to the browser than the product's."""
    origin = product.console

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY.format(origin=origin))
            self.end_headers()
            self.wfile.write(SITE.format(origin=origin, key=account_key).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        # The product answers at 127.0.0.1: by this name the browser keeps its cookies apart.
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()


def allow_site(product: Product, operator: Page, site: str = "") -> str:
    """Let a site embed the chat, by clicking; return the account's key from the snippet."""
    operator.goto(f"{product.console}/settings/channels/")
    operator.get_by_role("link", name="网页咨询").click()
    if site:
        operator.get_by_role("link", name="修改").click()
        operator.get_by_label("可以嵌入聊天窗的网站").fill(site)
        operator.get_by_role("button", name="保存并检查").click()
        expect(operator.get_by_text(site, exact=True)).to_be_visible()
    assert_clean(operator)
    found = re.search(r'data-account="(\w+)"', operator.locator("#chat-snippet").inner_text())
    assert found
    return found[1]


def open_window(visitor: Page) -> FrameLocator:
    """Open the chat window by the keyboard: it takes the focus, Escape gives it back."""
    button = visitor.get_by_role("button", name="在线咨询")
    button.focus()
    visitor.keyboard.press("Enter")
    window = visitor.frame_locator("lianxin-chat iframe")
    expect(window.locator("#lx-talk-text")).to_be_focused(timeout=20_000)
    return window


def write(window: FrameLocator, text: str) -> None:
    window.get_by_role("textbox").fill(text)
    window.get_by_role("textbox").press("Enter")


def bubbles(window: FrameLocator) -> list[str]:
    return [text.strip() for text in window.locator(".is-mine > div").all_text_contents()]


def offline_words_are_sent_once_and_in_order(context: BrowserContext, window: FrameLocator) -> None:
    context.set_offline(True)
    write(window, "第二句")
    write(window, "第三句")
    expect(window.locator(".is-waiting")).to_have_count(2)
    expect(window.get_by_text("没有网络").first).to_be_visible()

    context.set_offline(False)
    expect(window.locator(".is-waiting")).to_have_count(0, timeout=30_000)
    assert bubbles(window) == ["周末可以抽血吗", "第二句", "第三句"]


def prove_in_a_tab(story: Story, window: FrameLocator) -> Page:
    """Be verified in the tab that the window opens; the talk is put away meanwhile."""
    with story.phone.context.expect_page() as opened:
        window.get_by_role("button", name=re.compile("核验身份")).click()
    tab = opened.value
    tab.set_default_timeout(20_000)
    prove_by_code(story, tab)
    agree_to_everything(tab)
    return tab


def go_on(story: Story, window: FrameLocator) -> None:
    """Take the talk back into the window: the tab asks who it is, and closes itself."""
    with story.phone.context.expect_page() as opened:
        window.get_by_role("button", name="接着之前的对话").click()
    expect(opened.value.get_by_text("张*兰")).to_be_visible()
    assert_clean(opened.value)
    with opened.value.expect_event("close"):
        opened.value.get_by_role("button", name="是我，接着聊").click()


def test_the_story_over_web_chat(product: Product, browser: Browser) -> None:
    operator = sign_in(product, browser, "riverside-operator")
    nurse = sign_in(product, browser, "riverside-nurse")
    context = browser.new_context(viewport={"width": 900, "height": 800}, locale="zh-CN")
    visitor = new_page(context)
    story = Story(product, browser, visitor, nurse)
    key = allow_site(product, operator)

    with foreign_site(product, key) as site:
        # On a site that the hospital has not named the browser shows an empty frame.
        visitor.goto(site)
        with visitor.expect_console_message(lambda told: "frame-ancestors" in told.text):
            visitor.get_by_role("button", name="在线咨询").click()
        allow_site(product, operator, site)

        # A guest asks, and is answered while the window is open.
        visitor.goto(site)
        assert axe(visitor) == []
        window = open_window(visitor)
        expect(window.get_by_text("发送即表示您同意")).to_be_visible()
        assert axe(visitor) == []
        write(window, "周末可以抽血吗")
        expect(window.locator(".is-mine:not(.is-waiting)")).to_have_count(1)
        answer_in_inbox(story, "周末可以抽血吗", "可以，八点到十点，空腹来。")
        expect(window.get_by_text("空腹来")).to_be_visible(timeout=30_000)
        offline_words_are_sent_once_and_in_order(context, window)
        visitor.keyboard.press("Escape")
        expect(visitor.get_by_role("button", name="在线咨询")).to_be_focused()

        # She turns out to be a patient, and the talk goes on under her name.
        window = open_window(visitor)
        tab = prove_in_a_tab(story, window)
        go_on(story, window)
        expect(window.get_by_text("空腹来")).to_be_visible(timeout=20_000)
        story.open_patient(nurse)

        # Her numbers, the alert, and what becomes of it: the answer comes into the same window.
        story.phone = tab
        story.open_desk("/")
        story.log_pressure("185", "112")
        tab.locator("label", has=tab.locator("input[name=symptom]")).first.click()
        expect(tab.get_by_text("立即拨打 120").first).to_be_visible()
        take_alert(story, "185/112")
        write(window, "我胸口疼得厉害")
        expect(window.get_by_role("heading", name="请现在拨打 120").first).to_be_visible()
        answer_in_inbox(story, "我胸口疼得厉害", "已经给您打电话了，请接一下。")
        expect(window.get_by_text("请接一下")).to_be_visible(timeout=30_000)

        # The next person at this computer sees nothing of it.
        visitor.on("dialog", lambda dialog: dialog.accept())
        window.get_by_role("button", name="换人").click()
        expect(window.get_by_text("空腹来")).to_have_count(0)
        visitor.reload()
        expect(open_window(visitor).get_by_text("想问什么，写在下面")).to_be_visible()
