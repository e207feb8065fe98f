"""The story over the Official Account alone: followed by a printed code, told by templates."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_story import (
    APP,
    MINUTE,
    PERSON,
    SOON,
    Story,
    act_2_who_verify_consent,
    act_3_the_discharge_journey_has_begun,
    act_4_a_reading_becomes_a_trend,
    act_5_a_dangerous_reading_asks_first_and_pages_on_a_symptom,
    act_5_the_alert_is_closed_with_an_outcome,
    act_7_in_the_evening_the_account_she_follows_announces_the_card,
    act_8_one_tap_stops_everything,
    answer_in_inbox,
    assert_clean,
    sign_in,
    take_phone,
)
from tests.running import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
WELCOME = "欢迎关注河畔医院。看完这一条就可以开始。"


def make_code(product: Product, operator: Page) -> str:
    """Make a code of the Official Account by clicking; return what scanning it tells."""
    before = scenes(product)
    operator.goto(f"{product.console}/settings/codes/new/")
    operator.get_by_label("名称", exact=True).fill("出院海报")
    operator.get_by_label("渠道", exact=True).select_option(label="河畔医院服务号")
    operator.get_by_label("旅程编号").fill("discharge-30")
    operator.get_by_label("欢迎语").fill(WELCOME)
    assert_clean(operator)
    operator.get_by_role("button", name="生成活码").click()
    expect(operator.get_by_text("可用", exact=True).first).to_be_visible(timeout=30_000)
    (scene,) = scenes(product) - before
    return scene


def scenes(product: Product) -> set[str]:
    """Return what the account's codes tell when they are scanned."""
    made = product.state()["official_accounts"][APP]["codes"]
    return {str(code["scene"]) for code in made.values()}


def test_the_story_over_the_official_account(product: Product, browser: Browser) -> None:
    phone, nurse = take_phone(product, browser), sign_in(product, browser, "riverside-nurse")
    story = Story(product, browser, phone, nurse)
    story.go_to(8, 30)
    scene = make_code(product, sign_in(product, browser, "riverside-operator"))

    product.act(PERSON, "oa-scan", app_id=APP, scene=scene)
    wait_for(lambda: story.of_kind("link"), "the welcome", 20)
    assert WELCOME in story.texts
    assert "急症请拨 120，此处不保证及时回复" in story.texts
    act_2_who_verify_consent(story)
    act_3_the_discharge_journey_has_begun(story)

    # She follows the account: a template announces the card, and nobody has to confirm.
    story.wait(2 * MINUTE)
    wait_for(lambda: story.of_kind("template"), "the card's template", SOON)
    act_4_a_reading_becomes_a_trend(story)
    act_5_a_dangerous_reading_asks_first_and_pages_on_a_symptom(story)
    act_5_the_alert_is_closed_with_an_outcome(story)

    product.act(PERSON, "oa-write", app_id=APP, text="什么时候复查？")
    answer_in_inbox(story, "什么时候复查", "下周三上午，我给您约好了。")
    wait_for(lambda: "我给您约好了" in story.texts, "the answer on the phone", SOON)
    told = {line["via"] for line in story.inbox if line["side"] == "them"}
    assert told == {"official", "template", "sms"}

    act_7_in_the_evening_the_account_she_follows_announces_the_card(story)
    act_8_one_tap_stops_everything(story)
