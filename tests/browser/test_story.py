"""The main job, played as its people would: phone, console, sandbox over HTTP, real database."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

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
    """Give the patient's phone: its browser is signed in to WeChat as the person of the story."""
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


def set_clock_to_morning(product: Product) -> None:
    """Move the one clock to 08:30 in the hospital, so that the story does not depend on when."""
    now = clock(product).astimezone(ZoneInfo("Asia/Shanghai"))
    morning = now.replace(hour=8, minute=30)
    wait = (morning - now).total_seconds() % 86_400
    product.control("POST", "clock", {"add_seconds": wait})


def test_1_a_scanned_code_becomes_a_welcome(product: Product) -> None:
    set_clock_to_morning(product)
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


def test_3_the_discharge_journey_has_begun(product: Product, nurse: Page) -> None:
    open_patient(nurse, product)
    expect(nurse.get_by_text("进行中").first).to_be_visible(timeout=30_000)
    assert_clean(nurse)


def test_3_a_later_visit_needs_no_form(product: Product, phone: Page) -> None:
    phone.goto(inbox(product, "link")[0]["body"]["url"])
    expect(phone.locator("h1")).to_have_text(re.compile("张桂兰"))


def test_3_the_guide_is_marked_and_its_opening_recorded(
    product: Product, phone: Page, nurse: Page
) -> None:
    phone.goto(f"{product.console}/p/")
    phone.locator("a[href*='/p/read/']").first.click()
    expect(phone.get_by_text("仅供参考").first).to_be_visible()
    assert_clean(phone)

    open_patient(nurse, product)
    expect(nurse.get_by_text("读了一篇科普").first).to_be_visible()


def test_4_a_reading_becomes_a_trend(product: Product, phone: Page, nurse: Page) -> None:
    log_pressure(product, phone, "138", "86")
    phone.goto(f"{product.console}/p/health/trend/")
    expect(phone.get_by_text("138/86").first).to_be_visible()
    assert_clean(phone)

    open_patient(nurse, product)
    expect(nurse.get_by_text("记录了一次读数").first).to_be_visible()


def test_5_a_dangerous_reading_asks_first_and_pages_on_a_symptom(
    product: Product, phone: Page, nurse: Page
) -> None:
    nurse.goto(f"{product.console}/")
    log_pressure(product, phone, "185", "112")
    expect(phone.get_by_text("现在有下面的情况吗")).to_be_visible()
    expect(phone.get_by_role("link", name="不用选，直接拨打 120")).to_be_visible()
    assert_clean(phone)
    # Today hears of it without a reload: the alert stands there before any symptom is told.
    expect(nurse.get_by_text("185/112").first).to_be_visible(timeout=30_000)

    phone.locator("label", has=phone.locator("input[name=symptom]")).first.click()
    expect(phone.get_by_text("立即拨打 120").first).to_be_visible()
    assert_clean(phone)
    wait_for(lambda: staff_messages(product), "the page to staff", 30)

    row = nurse.locator("li", has_text="185/112").first
    row.get_by_role("button", name=re.compile("接手")).click()
    expect(nurse.get_by_text("已接手").first).to_be_visible(timeout=20_000)
    assert_clean(nurse)


def test_6_three_carriers_one_inbox(product: Product, phone: Page, nurse: Page) -> None:
    product.act(PERSON, "kf-enter", open_kfid=KF, scene="story")
    product.act(PERSON, "kf-write", open_kfid=KF, text="客服里问一句:药饭前吃吗?")
    product.act(PERSON, "oa-subscribe", app_id=APP, scene="")
    product.act(PERSON, "oa-write", app_id=APP, text="公众号里问一句:什么时候复查?")
    phone.goto(f"{product.console}/p/chat/")
    phone.get_by_role("textbox").fill("网页里问一句:今天有点累")
    phone.get_by_role("button", name=re.compile("发送")).click()
    assert_clean(phone)

    nurse.goto(f"{product.console}/inbox/?tab=all")
    expect(nurse.get_by_text("今天有点累").first).to_be_visible(timeout=30_000)
    nurse.get_by_text("今天有点累").first.click()
    for words in ("药饭前吃吗", "什么时候复查", "今天有点累"):
        expect(nurse.get_by_text(re.compile(words)).first).to_be_visible()
    assert_clean(nurse)


def test_6_the_nurse_answers_and_the_patient_reads_it(
    product: Product, phone: Page, nurse: Page
) -> None:
    product.act(PERSON, "kf-write", open_kfid=KF, text="还有一个问题")
    expect(nurse.get_by_text("还有一个问题").first).to_be_visible(timeout=30_000)
    nurse.locator("#lx-ib-composer textarea").fill("收到,今天下午我给您打电话。")
    nurse.get_by_role("button", name=re.compile("发送")).click()

    wait_for(lambda: "下午我给您打电话" in texts(product), "the answer on the phone", 30)


def test_7_results_come_from_these_rows(product: Product, browser: Browser) -> None:
    manager = sign_in(product, browser, "riverside-manager")
    manager.goto(f"{product.console}/insight/")
    for name in ("打开率", "首次响应时间", "记录完整率", "预警响应时间", "咨询次数"):
        expect(manager.get_by_text(re.compile(name)).first).to_be_visible()
    assert_clean(manager)


def test_8_one_tap_stops_everything(product: Product, nurse: Page) -> None:
    open_patient(nurse, product)
    nurse.get_by_role("link", name=re.compile("生命事件")).click()
    nurse.get_by_role("button", name="再次住院").click()
    expect(nurse.get_by_text("已停止全部触达").first).to_be_visible()
    assert_clean(nurse)
    nurse.goto(f"{product.console}/")
    row = nurse.get_by_role("listitem").filter(has_text="再次住院").filter(has_text="张*兰")
    expect(row.get_by_text("所有自动消息已停止")).to_be_visible(timeout=30_000)


def test_9_looks_are_on_record_and_erasing_leaves_nothing_to_read(
    product: Product, browser: Browser, nurse: Page
) -> None:
    officer = sign_in(product, browser, "riverside-privacy")
    officer.goto(f"{product.console}/compliance/access/")
    expect(officer.get_by_role("row", name=re.compile("周敏")).first).to_be_visible()
    assert_clean(officer)

    open_patient(officer, product)
    officer.get_by_role("link", name="删除资料").click()
    assert_clean(officer)
    officer.locator("input[name=reason]").first.check()
    officer.get_by_label(re.compile("我已核对")).check()
    officer.get_by_role("button", name="永久删除").click()
    expect(officer.get_by_text("密钥已销毁").first).to_be_visible()

    nurse.goto(f"{product.console}/patients/?q=ZY20261107086")
    expect(nurse.get_by_text("张*兰")).to_have_count(0)


def open_patient(page: Page, product: Product) -> str:
    """Find the person of the story by her inpatient number; return her key."""
    page.goto(f"{product.console}/patients/")
    page.get_by_role("searchbox").last.fill("ZY20261107086")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="张*兰").first.click()
    page.wait_for_url(re.compile(r"/patients/[a-z0-9]{12}/"))
    return page.url.rstrip("/").split("/")[-1].split("?")[0]


def log_pressure(product: Product, phone: Page, systolic: str, diastolic: str) -> None:
    phone.goto(f"{product.console}/p/health/log/")
    # Three digits fill a box and move on by themselves.
    for digit in systolic + diastolic:
        phone.get_by_role("button", name=digit, exact=True).click()
    assert_clean(phone)
    with phone.expect_navigation():
        phone.locator("button.is-save:visible").click()


def staff_messages(product: Product) -> list[Any]:
    found: list[Any] = product.state()["corps"][CORP]["staff_messages"]
    return [m for m in found if "告警" in str(m) or "alert" in str(m)]
