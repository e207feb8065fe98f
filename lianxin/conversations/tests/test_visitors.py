"""The chat window: guests, those whom the hospital's site signed in, those verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client

from lianxin.channels import actions as channels
from lianxin.channels.models import Account, Address
from lianxin.conversations import actions
from lianxin.conversations.models import Message, Thread
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients.actions import prepare_phone_code
from lianxin.patients.models import Holder, HolderSession, Holding, PhoneCode
from lianxin.patients.sessions import COOKIE
from lianxin.staff.models import Staff
from lianxin.testing.jobs import run_jobs
from lianxin.testing.patients import (
    make_holder,
    make_holding,
    make_patient,
    make_sms_account,
    sign_in_phone,
)
from lianxin.testing.webchat import make_signature, make_token, make_webchat

NUMBER, NAME = "ZY20261107086", "张桂兰"


@pytest.fixture
def account(riverside: Hospital) -> Account:
    return make_webchat(riverside)


class Window:
    """One browser's chat window, as visitor.js speaks for it."""

    def __init__(self, account: Account, token: str = "") -> None:
        self.url = f"/p/chat/{account.key}"
        self.token = token or make_token()
        self.browser = Client()
        self.count = 0

    def read(self) -> Any:
        return self.answer(
            self.browser.get(f"{self.url}/talk/", headers={"X-Chat-Token": self.token})
        )

    def write(self, text: str, key: str = "") -> Any:
        self.count += 1
        data = {"text": text, "client_key": key or f"{self.token[:20]}{self.count}"}
        headers = {"X-Chat-Token": self.token}
        return self.answer(self.browser.post(f"{self.url}/talk/", data, headers=headers))

    def answer(self, response: Any) -> Any:
        self.status = response.status_code
        return json.loads(response.content)

    def enter(self, origin: str = settings.BASE_URL) -> HttpResponse:
        """Go to the patient pages in a tab of the same browser."""
        data = {"token": self.token}
        return self.browser.post(f"{self.url}/enter/", data, headers={"Origin": origin})  # type: ignore[return-value]


@pytest.fixture
def window(account: Account) -> Window:
    return Window(account)


def holders(hospital: Hospital) -> int:
    with scope(hospital):
        return Holder.objects.filter(is_active=True).count()


# --- Guests --------------------------------------------------------------------------------------


def test_looking_at_the_page_leaves_nothing_behind(window: Window, riverside: Hospital) -> None:
    page = window.browser.get(f"{window.url}/").content.decode()
    told = window.read()

    assert "非 24 小时监护" in page
    assert "发送即表示您同意" in page
    assert (told["html"], holders(riverside)) == ("", 0)


def test_a_guest_is_answered_in_the_window(window: Window, riverside: Hospital, lin: Staff) -> None:
    told = window.write("周末可以抽血吗")
    with scope(riverside):
        actions.send_reply(Thread.objects.get(), "可以，八点到十点", by=lin)
    run_jobs()

    assert "周末可以抽血吗" in told["html"]
    assert "可以，八点到十点" in window.read()["html"]
    assert "/live/?topic=holder" in told["live"]
    assert not told["is_verified"]


def test_what_is_sent_twice_is_there_once(window: Window, riverside: Hospital) -> None:
    window.write("第一句", key="k1")
    window.write("第一句", key="k1")
    told = window.write("第二句", key="k2")
    run_jobs()

    assert told["html"].count("第一句") == 1
    assert told["html"].index("第一句") < told["html"].index("第二句")
    assert 'data-lx-key="k1"' in told["html"]
    with scope(riverside):
        assert (Message.objects.count(), Holder.objects.count()) == (2, 1)


def test_the_browsers_secret_is_kept_as_a_hash(window: Window, riverside: Hospital) -> None:
    window.write("你好")

    session = HolderSession.objects.get()
    assert (session.kind, session.is_guest) == ("chat", True)
    assert window.token.encode() not in bytes(session.token_hash)
    with scope(riverside):
        assert window.token not in str(list(Event.objects.values_list("data", flat=True)))
        assert window.token not in Address.objects.get().external_id


def test_danger_words_answer_with_the_card_at_once(window: Window, admin: Staff) -> None:
    assert "请现在拨打 120" in window.write("胸口疼得厉害")["html"]


@pytest.mark.parametrize(
    ("text", "key"), [("", "k1"), ("长" * 601, "k1"), ("你好", ""), ("你好", "a b")]
)
def test_what_cannot_be_taken_is_refused_in_words(window: Window, text: str, key: str) -> None:
    data = {"text": text, "client_key": key}
    told = window.answer(
        window.browser.post(f"{window.url}/talk/", data, headers={"X-Chat-Token": window.token})
    )

    assert (window.status, bool(told["error"])) == (422, True)


@pytest.mark.parametrize("token", ["", "short", "x" * 44, "!" * 43])
def test_a_token_that_no_browser_made_opens_nothing(account: Account, token: str) -> None:
    window = Window(account)
    window.token = token

    window.write("你好")

    assert window.status == 422


def test_who_writes_too_fast_is_asked_to_wait(window: Window, riverside: Hospital) -> None:
    for _ in range(12):
        window.write("一句")
    told = window.write("一句太多")

    assert window.status == 429
    assert "120" in told["error"]
    with scope(riverside):
        assert Message.objects.filter(sender_kind="patient").count() == 12


def test_two_guests_see_their_own_talk_only(account: Account, window: Window) -> None:
    other = Window(account)
    window.write("我的事")

    assert "我的事" not in other.write("别的事")["html"]


def test_another_hospitals_chat_does_not_know_the_token(
    window: Window, elsewhere: Hospital
) -> None:
    window.write("我的事")
    stray = Window(make_webchat(elsewhere), window.token)

    stray.read()

    assert stray.status == 422


def test_who_leaves_begins_anew(window: Window, riverside: Hospital) -> None:
    window.write("我的事")
    window.browser.post(f"{window.url}/leave/", headers={"X-Chat-Token": window.token})

    assert "我的事" not in window.read()["html"]
    assert "我的事" not in window.write("下一位")["html"]
    assert holders(riverside) == 2


def test_a_closed_chat_is_not_there(window: Window, account: Account, admin: Staff) -> None:
    with scope(account.hospital_id):
        channels.pause_account(account, by=admin)

    assert window.browser.get(f"{window.url}/").status_code == 404
    assert window.browser.get("/p/chat/nobody/talk/").status_code == 404


# --- On other sites ------------------------------------------------------------------------------


def test_only_the_named_sites_may_frame_it(window: Window, riverside: Hospital) -> None:
    framed = window.browser.get(f"{window.url}/frame/")["Content-Security-Policy"]
    page = window.browser.get(f"{window.url}/")["Content-Security-Policy"]
    closed = Window(make_webchat(riverside, origins=""))

    assert "frame-ancestors 'self' https://www.hospital.example" in framed
    assert "hospital.example" not in page
    alone = closed.browser.get(f"{closed.url}/frame/")["Content-Security-Policy"]
    assert alone.endswith("frame-ancestors 'self'")


def test_the_script_on_other_sites_stays_small_and_needs_nothing_inline() -> None:
    found = finders.find("conversations/widget.js")
    assert isinstance(found, str)
    script = Path(found).read_bytes()

    assert len(script) < 4200
    assert not any(word in script for word in (b"eval(", b"innerHTML", b".style.", b"Function("))


def test_the_window_speaks_the_language_of_the_site(window: Window) -> None:
    english = window.browser.get(f"{window.url}/frame/?language=en").content.decode()
    unknown = window.browser.get(f"{window.url}/frame/?language=xx").content.decode()

    assert "Send" in english
    assert 'lang="en"' in english
    assert "发送" in unknown


# --- Verified ------------------------------------------------------------------------------------


def verify(window: Window, riverside: Hospital) -> None:
    """Prove it by number, name and code, in the tab that the window opened."""
    make_sms_account(riverside)
    make_patient(riverside, name=NAME, inpatient=NUMBER)
    assert window.enter()["Location"] == "/p/who/"
    window.browser.post("/p/verify/code/?as=self", {"name": NAME, "inpatient": NUMBER})
    with scope(riverside):
        code = PhoneCode.objects.get()
        digits = find_digits(code, riverside)
    window.browser.post("/p/verify/?as=self", {"code": digits})


def find_digits(code: PhoneCode, hospital: Hospital) -> str:
    made = prepare_phone_code(hospital.pk, code.pk)
    assert made
    return made.digits


def test_a_verified_guest_keeps_the_talk_and_the_old_window_is_over(
    window: Window, account: Account, riverside: Hospital
) -> None:
    window.write("我的事")
    verify(window, riverside)
    run_jobs()

    window.read()
    assert window.status == 401
    window.write("还能写吗")
    assert window.status == 401
    with scope(riverside):
        thread = Thread.objects.get()
        assert thread.patient is not None
    back = window.browser.post(f"{window.url}/return/")
    token = back.content.decode().split('data-token="')[1][:43]
    again = Window(account, token)
    assert "我的事" in again.read()["html"]
    assert again.write("接着说")["is_verified"]
    assert holders(riverside) == 1


def test_a_copied_window_or_cookie_sees_nothing_after_the_proof(
    window: Window, account: Account, riverside: Hospital
) -> None:
    window.write("我的事")
    thief = Window(account, window.token)
    thief.enter()
    verify(window, riverside)

    assert thief.browser.get("/p/chat/").status_code == 401
    assert thief.enter().status_code == 404
    assert window.browser.get("/p/chat/").status_code == 200


def test_the_page_asks_before_it_gives_the_talk_back(window: Window, riverside: Hospital) -> None:
    window.write("我的事")
    verify(window, riverside)

    asked = window.browser.get(f"{window.url}/return/")

    assert "张*兰" in asked.content.decode()
    assert "data-token" not in asked.content.decode()
    assert asked["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_another_hospitals_chat_is_not_there_to_come_back_to(
    riverside: Hospital, elsewhere: Hospital
) -> None:
    phone: Client = sign_in_phone(Client(), make_holder(riverside))

    assert phone.post(f"/p/chat/{make_webchat(elsewhere).key}/return/").status_code == 404


def test_nobody_is_put_into_a_strangers_talk_by_another_site(window: Window) -> None:
    window.write("我的事")

    for origin in ("https://evil.example", "null", ""):
        answer = window.enter(origin)
        assert (answer.status_code, COOKIE in answer.cookies) == (403, False)


def test_a_guests_phone_is_not_verified_at_the_bedside(window: Window) -> None:
    window.write("你好")
    window.enter()

    assert "床旁核验</a>" not in window.browser.get("/p/verify/?as=self").content.decode()
    assert window.browser.get("/p/bedside/?as=self").status_code == 409


def test_a_known_phone_goes_to_its_own_talk(account: Account, riverside: Hospital) -> None:
    phone: Client = sign_in_phone(Client(), make_holder(riverside))
    other: Client = sign_in_phone(Client(), make_holder(riverside))

    assert phone.get(f"/p/chat/{account.key}/")["Location"] == "/p/chat/"
    assert other.get(f"/p/chat/{account.key}/frame/").status_code == 200


def test_the_window_of_another_account_is_not_a_phone(
    account: Account, riverside: Hospital
) -> None:
    window = Window(account)
    window.write("你好")
    window.browser.cookies[COOKIE] = window.token

    assert window.browser.get("/p/").status_code == 401


# --- Signed in by the hospital's own site --------------------------------------------------------


def sign_in(window: Window, signature: str) -> Any:
    told = window.answer(window.browser.post(f"{window.url}/signed/", {"token": signature}))
    window.token = told.get("token", window.token)
    return told


def test_who_is_signed_in_on_the_site_is_known(
    window: Window, account: Account, riverside: Hospital
) -> None:
    patient = make_patient(riverside, inpatient=NUMBER)

    sign_in(window, make_signature(account, NUMBER))

    assert window.write("我登录了")["is_verified"]
    with scope(riverside):
        holding = Holding.objects.get(patient=patient)
        assert (holding.state, holding.verified_how) == ("verified", "site")


def test_a_signature_works_once(window: Window, account: Account) -> None:
    signature = make_signature(account, NUMBER)
    sign_in(window, signature)

    told = sign_in(Window(account), signature)

    assert (told["status"], told["code"]) == (403, "used")


def test_one_number_is_one_visitor_and_two_are_two(
    window: Window, account: Account, riverside: Hospital
) -> None:
    sign_in(window, make_signature(account, NUMBER))
    window.write("在家里的电脑上写的")
    phone, other = Window(account), Window(account)
    sign_in(phone, make_signature(account, NUMBER))
    sign_in(other, make_signature(account, "ZY99999999"))

    assert "在家里的电脑上写的" in phone.read()["html"]
    assert "在家里的电脑上写的" not in other.read()["html"]
    assert holders(riverside) == 2


def test_a_number_that_is_nobodys_looks_the_same(window: Window, account: Account) -> None:
    told = sign_in(window, make_signature(account, NUMBER))

    assert set(told) == {"token"}
    assert not window.read()["is_verified"]


def test_a_guest_before_does_not_leak_into_the_signed_talk(
    window: Window, account: Account
) -> None:
    window.write("我是别人")
    sign_in(window, make_signature(account, NUMBER))

    assert "我是别人" not in window.write("我登录了")["html"]


def test_garbage_is_refused_with_a_code_for_the_site(window: Window, elsewhere: Hospital) -> None:
    assert sign_in(window, "a.b.c")["code"] == "malformed"
    assert sign_in(window, make_signature(make_webchat(elsewhere), NUMBER))["code"] == "claims"


def test_a_held_patient_needs_no_second_proof(
    window: Window, account: Account, riverside: Hospital
) -> None:
    patient = make_patient(riverside, inpatient=NUMBER)
    make_holding(patient)

    for _ in range(2):
        sign_in(window, make_signature(account, NUMBER))

    with scope(riverside):
        assert Holding.objects.filter(patient=patient, state="verified").count() == 2
        assert Event.objects.filter(name="patient.verified").count() == 1
