"""The inbox and the talk in a real browser: nothing for axe-core, nothing wider than the window."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels.models import Account, Address
from lianxin.conversations import actions
from lianxin.conversations.models import Message, Thread
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.conversations import make_talking_address, make_thread, receive, reload
from lianxin.testing.patients import make_holder, make_holding, make_patient, sign_in_phone

pytestmark = pytest.mark.browser

SIZES = [(375, "light", "zh-hans"), (1440, "dark", "en")]


@pytest.fixture
def talk(riverside: Hospital, lin: Staff, admin: Staff) -> Thread:
    """Make a talk with everything in it: danger, answers of every state, a note."""
    address = make_talking_address(riverside)
    with scope(riverside):
        Account.objects.create(hospital=riverside, kind=Account.Kind.WEBCHAT, name="网页")
    holder = make_holder(riverside, address=address)
    make_holding(make_patient(riverside, name="欧阳建国", risk="high"), holder)
    earlier = time.now() - timedelta(hours=17)
    thread = receive(address, "晚饭后胸口闷痛，左肩也酸，还出了点汗，要不要紧？", at=earlier).thread
    receive(address, "", kind="voice", at=earlier + timedelta(minutes=1))
    with scope(riverside):
        thread = reload(thread)
        failed = actions.send_reply(thread, "刚给您打过电话，请接一下。", by=lin)
        Message.objects.filter(pk=failed.pk).update(
            delivery_state="refused", reason_code="kf_time", reason_facts={"hours": 48}
        )
        actions.add_note(thread, "家属说 21:45 到我院急诊。", by=lin)
        sent = actions.send_reply(thread, "到急诊请先告诉分诊台：19 天前放过支架。", by=lin)
        Message.objects.filter(pk=sent.pk).update(delivery_state="delivered")
        Address.objects.filter(pk=address.pk).update(sent_since_inbound_count=2)
    for name, text in (("赵玉兰", "胸口压得慌"), ("林秀珍", "早上的药忘了，晚上要不要补？")):
        other = make_talking_address(riverside, Account.Kind.OFFICIAL_ACCOUNT)
        make_holding(make_patient(riverside, name=name), make_holder(riverside, address=other))
        receive(other, text)
    return reload(thread)


@pytest.fixture
def answers(as_lin: Client, talk: Thread) -> dict[str, HttpResponseBase]:
    phone: Client = sign_in_phone(Client(), talk.holder)
    found: dict[str, HttpResponseBase] = {}
    for language in ("zh-hans", "en"):
        as_lin.cookies["lx_language"] = phone.cookies["lx_language"] = language
        found[f"list {language}"] = as_lin.get("/inbox/?tab=all")
        found[f"thread {language}"] = as_lin.get(f"/inbox/{talk.key}/?tab=all")
        found[f"phone {language}"] = phone.get("/p/chat/")
        phone.cookies["lx_elder"] = "1"
        found[f"elder {language}"] = phone.get("/p/chat/")
        del phone.cookies["lx_elder"]
    return found


def test_the_pages_can_be_used_by_everybody(answers: dict[str, HttpResponseBase]) -> None:
    findings: list[str] = []
    with open_browser() as browser:
        for width, theme, language in SIZES:
            for name in ("list", "thread", "phone", "elder"):
                answer = answers[f"{name} {language}"]
                page = browser.new_page(
                    color_scheme="dark" if theme == "dark" else "light",
                    viewport={"width": width, "height": 812},
                )
                show(page, answer, "/page/")
                found = axe(page)
                found += ["wider than the window"] if overflow(page) else []
                findings += [f"{name} {width} {theme}: {line}" for line in found]
                page.close()

    assert findings == []


def test_the_words_are_written_at_the_foot_of_the_phone(riverside: Hospital) -> None:
    phone: Client = sign_in_phone(Client(), make_thread(riverside).holder)
    answer = phone.get("/p/chat/")

    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 375, "height": 812})
        show(page, answer, "/page/")
        bar, tabs = (page.locator(css).bounding_box() for css in (".lx-talk-bar", ".lx-tabs"))

    assert bar
    assert tabs
    assert abs(bar["y"] + bar["height"] - tabs["y"]) < 2


def test_a_read_only_session_can_still_take_a_note(as_lin: Client, riverside: Hospital) -> None:
    thread = make_thread(riverside)
    with scope(riverside):
        Address.objects.filter(pk=thread.last_address_id or 0).update(session_state=3)
    answer = as_lin.get(f"/inbox/{thread.key}/")

    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        show(page, answer, "/page/")
        send, keep = page.locator("[data-lx-send]"), page.locator(".lx-ib-note-button")

        assert (send.is_visible(), keep.is_visible()) == (False, True)
