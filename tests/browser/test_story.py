"""The main job, played as its people would: phone, console, sandbox over HTTP, real database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lianxin.testing.browser import axe, overflow
from tests.running import Product, wait_for

PERSON = "zhang-guilan"
NUMBER = "ZY20261107086"
CORP, KF, APP = "wwriversidedemo", "wkriversidedemo", "wxriversidedemo"
MINUTE = 60
# What becomes due is found by sweeps some seconds apart.
SOON = 40.0
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@dataclass
class Story:
    """The running product, the patient's phone and the nurse's desk."""

    product: Product
    browser: Browser
    phone: Page
    nurse: Page

    @property
    def inbox(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.product.state()["persons"][PERSON]["inbox"]
        return lines

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.inbox if line["kind"] == kind]

    @property
    def texts(self) -> str:
        return "\n".join(line["body"].get("text", "") for line in self.of_kind("text"))

    @property
    def link(self) -> str:
        """The address that the welcome brought."""
        return str(self.of_kind("link")[0]["body"]["url"])

    def open_phone(self, path: str) -> Page:
        self.phone.goto(f"{self.product.console}{path}")
        return self.phone

    def open_desk(self, path: str) -> Page:
        self.nurse.goto(f"{self.product.console}{path}")
        return self.nurse

    def open_patient(self, page: Page) -> None:
        """Find the person of the story by her inpatient number."""
        page.goto(f"{self.product.console}/patients/")
        page.get_by_role("searchbox").last.fill(NUMBER)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="张*兰").first.click()
        page.wait_for_url(re.compile(r"/patients/[a-z0-9]{12}/"))

    def log_pressure(self, systolic: str, diastolic: str) -> None:
        phone = self.open_phone("/p/health/log/")
        # Three digits fill a box and move on by themselves.
        for digit in systolic + diastolic:
            phone.get_by_role("button", name=digit, exact=True).click()
        assert_clean(phone)
        with phone.expect_navigation():
            phone.locator("button.is-save:visible").click()

    def pages_to(self, userid: str) -> list[dict[str, Any]]:
        """Return the red alerts that the app told this member of staff."""
        found = self.product.state()["corps"][CORP]["staff_messages"]
        return [m for m in found if m["userid"] == userid and "红色告警" in str(m["body"])]

    def local_time(self) -> datetime:
        now = self.product.control("GET", "clock")["now"]
        return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo("Asia/Shanghai"))

    def go_to(self, hour: int, minute: int) -> None:
        """Move the one clock on to this time of day in the hospital."""
        now = self.local_time()
        wait = (now.replace(hour=hour, minute=minute, second=0) - now).total_seconds() % 86_400
        self.wait(wait)

    def wait(self, seconds: float) -> None:
        self.product.control("POST", "clock", {"add_seconds": seconds})


# --- The acts, in order; the numbers are those of the product's main job -------------------------


def act_1_a_scanned_code_becomes_a_welcome(story: Story) -> None:
    story.go_to(8, 30)
    before = story.local_time()
    story.product.act(PERSON, "scan", code="riverside-discharge")
    wait_for(lambda: story.of_kind("link"), "the welcome", 20)

    assert (story.local_time() - before).total_seconds() < 20
    assert "李建国" in story.texts
    assert "急症请拨 120，此处不保证及时回复" in story.texts
    assert "非 24 小时监护" in story.texts
    assert story.of_kind("link")[0]["sender"] == "李建国"


def act_2_who_verify_consent(story: Story) -> None:
    phone = story.phone
    phone.goto(story.link)
    expect(phone.locator("h1")).to_have_text(re.compile("谁在使用"))
    assert_clean(phone)
    prove_by_code(story, phone)
    agree_to_everything(phone)


def prove_by_code(story: Story, phone: Page) -> None:
    """Say who it is, and prove it by the code that the registered phone gets."""
    before = len(story.texts)
    phone.get_by_text("患者本人").click()
    phone.get_by_role("button", name="下一步").click()

    phone.get_by_label("患者姓名").fill("张桂兰")
    phone.get_by_label("住院号").fill(NUMBER)
    phone.get_by_role("button", name="获取验证码").click()
    phone.get_by_label("验证码").fill(
        wait_for(lambda: sms_code(story.texts[before:]), "the SMS", 20)
    )
    assert_clean(phone)
    phone.get_by_role("button", name="核验", exact=True).click()


def agree_to_everything(phone: Page) -> None:
    phone.wait_for_url(re.compile("/p/consent/"))
    assert phone.locator("input[type=radio]:checked").count() == 0
    assert_clean(phone)
    for question in phone.locator("fieldset").all():
        question.get_by_text("同意", exact=True).last.click()
    phone.get_by_role("button", name=re.compile("完成|保存")).click()
    phone.wait_for_url(re.compile("/p/(\\?.*)?$"))
    expect(phone.locator("h1")).to_have_text(re.compile("张桂兰"))
    assert_clean(phone)


def sms_code(texts: str) -> str:
    found = re.findall(r"\d{6}", texts)
    return str(found[-1]) if found else ""


def act_3_the_discharge_journey_has_begun(story: Story) -> None:
    story.open_patient(story.nurse)
    expect(story.nurse.get_by_text("进行中").first).to_be_visible(timeout=30_000)
    assert_clean(story.nurse)


def act_3_a_later_visit_needs_no_form(story: Story) -> None:
    story.phone.goto(story.link)
    expect(story.phone.locator("h1")).to_have_text(re.compile("张桂兰"))


def act_3_a_forwarded_link_shows_nothing_of_her(story: Story) -> None:
    context = story.browser.new_context(viewport={"width": 375, "height": 780}, locale="zh-CN")
    context.add_cookies(
        [{"name": "sandbox_person", "value": "riverside-p001", "url": story.product.sandbox}]
    )
    other = new_page(context)
    other.goto(story.link)
    expect(other.locator("h1")).to_be_visible()
    assert "张桂兰" not in other.content()
    context.close()


def act_3_the_guide_is_marked_and_its_opening_recorded(story: Story) -> None:
    phone = story.open_phone("/p/")
    phone.locator("a[href*='/p/read/']").first.click()
    expect(phone.get_by_text("仅供参考").first).to_be_visible()
    assert_clean(phone)

    story.open_patient(story.nurse)
    expect(story.nurse.get_by_text("读了一篇科普").first).to_be_visible()


def act_3_the_nurse_writes_the_medicines_down_and_they_are_ticked(story: Story) -> None:
    nurse = story.nurse
    nurse.get_by_role("link", name="测量与用药").click()
    nurse.get_by_label(re.compile("药名和用量")).fill("演示药 A，照处方")
    nurse.get_by_label("早上").check()
    nurse.get_by_role("button", name="加入清单").click()
    expect(nurse.get_by_text("演示药 A").first).to_be_visible()
    assert_clean(nurse)

    phone = story.open_phone("/p/health/medicines/")
    expect(phone.get_by_text("演示药 A").first).to_be_visible()
    assert_clean(phone)


def act_3_the_merged_card_is_announced_by_a_task_that_staff_confirm(story: Story) -> None:
    """She does not follow the Official Account: a member of staff confirms in WeCom."""
    story.wait(2 * MINUTE)
    task = wait_for(lambda: open_tasks(story), "the WeCom task", SOON)[0]
    assert not [line for line in story.inbox if line["via"] == "mass"], "it waits for staff"
    assert "演示药" not in str(task), "what is on the card stays behind the link"

    story.product.member(CORP, task["body"]["sender"], "confirm-mass", msgid=task["msgid"])
    wait_for(lambda: [x for x in story.inbox if x["via"] == "mass"], "the reminder", SOON)


def open_tasks(story: Story) -> list[dict[str, Any]]:
    """Return the tasks that wait for a member of staff and are for her."""
    state = story.product.state()
    hers = state["persons"][PERSON]["ids"]["external_user_ids"][CORP]
    return [
        task
        for task in state["corps"][CORP]["tasks"].values()
        if any(item["external_userid"] == hers and not item["status"] for item in task["items"])
    ]


def act_4_a_reading_becomes_a_trend(story: Story) -> None:
    story.log_pressure("138", "86")
    phone = story.open_phone("/p/health/trend/")
    expect(phone.get_by_text("138/86").first).to_be_visible()
    assert_clean(phone)

    story.open_patient(story.nurse)
    expect(story.nurse.get_by_text("记录了一次读数").first).to_be_visible()


def act_5_a_dangerous_reading_asks_first_and_pages_on_a_symptom(story: Story) -> None:
    nurse, phone = story.open_desk("/"), story.phone
    story.log_pressure("185", "112")
    expect(phone.get_by_text("现在有下面的情况吗")).to_be_visible()
    expect(phone.get_by_role("link", name="不用选，直接拨打 120")).to_be_visible()
    assert_clean(phone)
    # Today hears of it without a reload: the alert stands there before any symptom is told.
    expect(nurse.get_by_text("185/112").first).to_be_visible(timeout=30_000)
    before = len(story.pages_to("nurse-zhou"))

    phone.locator("label", has=phone.locator("input[name=symptom]")).first.click()
    expect(phone.get_by_text("立即拨打 120").first).to_be_visible()
    assert_clean(phone)
    wait_for(lambda: len(story.pages_to("nurse-zhou")) > before, "the page to staff", SOON)

    take_alert(story, "185/112")


def take_alert(story: Story, reading: str) -> None:
    """Take the alert of a reading from Today."""
    nurse = story.nurse
    row = nurse.locator("li", has_text=reading).first
    row.get_by_role("button", name=re.compile("接手")).click()
    expect(nurse.get_by_text("已接手").first).to_be_visible(timeout=20_000)
    assert_clean(nurse)


def act_5_the_alert_is_closed_with_an_outcome(story: Story) -> None:
    nurse = story.nurse
    story.open_patient(nurse)
    nurse.get_by_role("link", name="处理并关闭").click()
    nurse.locator("select[name=outcome]").select_option(index=1)
    nurse.locator("textarea[name=note]").fill("已通话，由家属陪同就诊。")
    assert_clean(nurse)
    nurse.get_by_role("button", name=re.compile("关闭")).last.click()
    expect(nurse.get_by_text("已关闭").first).to_be_visible()


def act_5_without_a_second_reading_it_counts_after_half_an_hour(story: Story) -> None:
    """Nobody measures again: confirmed after 30 minutes, then the next on duty is asked."""
    story.wait(10 * MINUTE)
    paged, next_one = len(story.pages_to("nurse-zhou")), len(story.pages_to("nurse-wang"))
    story.log_pressure("186", "113")
    story.phone.get_by_text("以上都没有").first.click()
    expect(story.phone.get_by_text("再量").first).to_be_visible()
    assert_clean(story.phone)
    expect(story.phone.get_by_role("link", name=re.compile("120")).first).to_be_visible()
    assert len(story.pages_to("nurse-zhou")) == paged, "the first reading alone pages nobody"

    story.wait(31 * MINUTE)
    wait_for(lambda: len(story.pages_to("nurse-zhou")) > paged, "the page after 30 min", SOON)
    story.wait(16 * MINUTE)
    wait_for(lambda: len(story.pages_to("nurse-wang")) > next_one, "the next on duty", SOON)


def act_6_three_carriers_one_inbox(story: Story) -> None:
    product, phone = story.product, story.phone
    product.act(PERSON, "kf-enter", open_kfid=KF, scene="story")
    product.act(PERSON, "kf-write", open_kfid=KF, text="客服里问一句:药饭前吃吗?")
    product.act(PERSON, "oa-subscribe", app_id=APP, scene="")
    product.act(PERSON, "oa-write", app_id=APP, text="公众号里问一句:什么时候复查?")
    story.open_phone("/p/chat/")
    phone.get_by_role("textbox").fill("网页里问一句:今天有点累")
    phone.get_by_role("button", name=re.compile("发送")).click()
    assert_clean(phone)

    nurse = story.open_desk("/inbox/?tab=all")
    expect(nurse.get_by_text("今天有点累").first).to_be_visible(timeout=30_000)
    nurse.get_by_text("今天有点累").first.click()
    talk = nurse.get_by_role("log")
    for words in ("药饭前吃吗", "什么时候复查", "今天有点累"):
        expect(talk.get_by_text(re.compile(words))).to_be_visible(timeout=30_000)
    assert_clean(nurse)


def act_6_the_nurse_answers_where_she_wrote_last(story: Story) -> None:
    nurse = story.nurse
    story.product.act(PERSON, "kf-write", open_kfid=KF, text="还有一个问题")
    expect(nurse.get_by_role("log").get_by_text("还有一个问题")).to_be_visible(timeout=30_000)
    nurse.locator("#lx-ib-composer textarea").fill("收到,今天下午我给您打电话。")
    nurse.get_by_role("button", name=re.compile("发送")).click()

    wait_for(lambda: "下午我给您打电话" in story.texts, "the answer on the phone", SOON)


def act_6_a_talk_that_staff_took_in_the_client_can_only_be_read(story: Story) -> None:
    story.product.member(CORP, "nurse-zhou", "kf-take", open_kfid=KF, person=PERSON)
    closed = story.nurse.locator("#lx-ib-address option[disabled]", has_text="微信客服")
    wait_for(lambda: story.nurse.reload() and closed.count(), "the closed way", SOON)
    story.product.member(CORP, "nurse-zhou", "kf-end", open_kfid=KF, person=PERSON)


def act_6_beside_the_chat_the_doctor_puts_a_script_in(story: Story) -> None:
    """Let the page sign in by itself, be accepted by the client, and know whose chat it is."""
    chat = f"corp={CORP}&userid=doctor-li&person={PERSON}"
    client = new_page(story.browser.new_context(viewport={"width": 1280, "height": 900}))
    client.goto(f"{story.product.sandbox}/client?{chat}")
    client.get_by_role("button", name="打开侧边栏").click()
    inside = client.frame_locator("#page")
    expect(inside.get_by_role("heading", name="张*兰")).to_be_visible()
    inside.get_by_role("button", name="复诊前准备").click()
    expect(inside.get_by_label("要发的话")).to_have_value(re.compile("张女士好，复诊当天"))
    inside.get_by_role("button", name="插入到聊天").click()

    expect(inside.get_by_text("已插入聊天")).to_be_visible()
    expect(client.locator("#messages li").last).to_contain_text("复诊当天早上请空腹")
    assert "张女士好，复诊当天早上请空腹" in story.texts
    client.context.close()


def act_7_results_come_from_these_rows(story: Story) -> None:
    manager = sign_in(story.product, story.browser, "riverside-manager")
    manager.goto(f"{story.product.console}/insight/")
    for name in ("打开率", "首次响应时间", "记录完整率", "预警响应时间", "咨询次数"):
        expect(manager.get_by_text(re.compile(name)).first).to_be_visible()
    assert_clean(manager)


def act_7_in_the_evening_the_account_she_follows_announces_the_card(story: Story) -> None:
    templates = len(story.of_kind("template"))
    story.go_to(18, 45)
    wait_for(lambda: len(story.of_kind("template")) > templates, "the template message", 90)
    assert "演示药" not in str(story.of_kind("template")[-1])

    phone = story.open_phone("/p/")
    expect(phone.get_by_text(re.compile("今晚|晚上")).first).to_be_visible()
    assert_clean(phone)


def act_8_one_tap_stops_everything(story: Story) -> None:
    nurse = story.nurse
    story.open_patient(nurse)
    nurse.get_by_role("link", name=re.compile("生命事件")).click()
    assert_clean(nurse)
    nurse.get_by_role("button", name="再次住院").click()
    expect(nurse.get_by_text("已停止全部触达").first).to_be_visible()
    assert_clean(nurse)
    story.open_desk("/")
    row = nurse.get_by_role("listitem").filter(has_text="再次住院").filter(has_text="张*兰")
    expect(row.get_by_text("所有自动消息已停止")).to_be_visible(timeout=30_000)

    told = len(story.inbox)
    story.go_to(8, 45)
    # When the next morning's cards are there for everybody else, there is none for her.
    wait_for(lambda: cards_of_today(story), "the cards of the others", 90)
    assert len(story.inbox) == told


def cards_of_today(story: Story) -> int:
    return count(
        story, 'select count(*) from outreach_card where "on" = %s', story.local_time().date()
    )


def act_9_looks_are_on_record_and_erasing_leaves_nothing_to_read(story: Story) -> None:
    officer = sign_in(story.product, story.browser, "riverside-privacy")
    officer.goto(f"{story.product.console}/compliance/access/")
    expect(officer.get_by_role("row", name=re.compile("周敏")).first).to_be_visible()
    assert_clean(officer)

    story.open_patient(officer)
    patient = (
        "select count(*) from core_event e join patients_patient p on p.id = e.patient_id"
        " where p.key = %s"
    )
    key = officer.url.rstrip("/").split("/")[-1]
    known = count(story, patient, key)
    officer.get_by_role("link", name="删除资料").click()
    assert_clean(officer)
    officer.locator("input[name=reason]").first.check()
    officer.get_by_label(re.compile("我已核对")).check()
    officer.get_by_role("button", name="永久删除").click()
    expect(officer.get_by_text("密钥已销毁").first).to_be_visible()

    assert count(story, patient, key) > known, "the journal still proves that things happened"
    story.open_desk(f"/patients/?q={NUMBER}")
    expect(story.nurse.get_by_text("张*兰")).to_have_count(0)
    story.phone.goto(story.link)
    assert "张桂兰" not in story.phone.content()


def answer_in_inbox(story: Story, asked: str, answer: str) -> None:
    """Find the words in the inbox and answer them."""
    nurse = story.open_desk("/inbox/?tab=all")
    expect(nurse.get_by_text(asked).first).to_be_visible(timeout=30_000)
    nurse.get_by_text(asked).first.click()
    nurse.locator("#lx-ib-composer textarea").fill(answer)
    nurse.get_by_role("button", name=re.compile("发送")).click()


def count(story: Story, query: str, value: object) -> int:
    """Ask the database itself, as its owner."""
    with psycopg.connect(str(story.product.summary["owner_database_url"])) as connection:
        (found,) = connection.execute(query, [value]).fetchone() or (0,)
    return int(found)


ACTS: list[Callable[[Story], None]] = [
    found for name, found in list(globals().items()) if name.startswith("act_")
]


def test_the_whole_story(product: Product, browser: Browser) -> None:
    """Play every act; the traceback of a failure names the act."""
    phone, nurse = take_phone(product, browser), sign_in(product, browser, "riverside-nurse")
    story = Story(product, browser, phone, nurse)
    for act in ACTS:
        act(story)


# --- Browsers ------------------------------------------------------------------------------------


def take_phone(product: Product, browser: Browser) -> Page:
    """Give the patient's phone: its browser is signed in to WeChat as the person of the story."""
    context = browser.new_context(viewport={"width": 375, "height": 780}, locale="zh-CN")
    context.add_cookies([{"name": "sandbox_person", "value": PERSON, "url": product.sandbox}])
    return new_page(context)


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
