from __future__ import annotations

import pytest
from django.test import Client

from lianxin.channels.models import Account
from lianxin.conversations import actions
from lianxin.conversations.models import Message, Thread
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Holder
from lianxin.staff.models import Staff
from lianxin.testing.guarded import assert_portal_guarded
from lianxin.testing.jobs import run_jobs
from lianxin.testing.patients import make_holder, sign_in_phone

URL = "/p/chat/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def holder(riverside: Hospital) -> Holder:
    with scope(riverside):
        Account.objects.create(hospital=riverside, kind=Account.Kind.WEBCHAT, name="网页")
    return make_holder(riverside)


@pytest.fixture
def phone(holder: Holder) -> Client:
    client: Client = sign_in_phone(Client(), holder)
    return client


def test_the_page_says_that_nobody_watches_all_night(phone: Client) -> None:
    page = phone.get(URL).content.decode()

    assert "非 24 小时监护" in page
    assert "tel:120" in page


def test_what_is_written_is_seen_at_once_and_stored_once(
    phone: Client, holder: Holder, riverside: Hospital
) -> None:
    data = {"text": "想约复诊", "client_key": "k1"}

    first = phone.post(URL, data, headers=HTMX).content.decode()
    phone.post(URL, data, headers=HTMX)
    run_jobs()

    with scope(riverside):
        assert Message.objects.count() == 1
        assert Thread.objects.get().holder_id == holder.pk
    assert "想约复诊" in first


def test_danger_words_answer_with_the_card_in_the_same_breath(
    phone: Client, riverside: Hospital, admin: Staff
) -> None:
    page = phone.post(URL, {"text": "胸口疼得厉害"}, headers=HTMX).content.decode()

    assert "请现在拨打 120" in page
    assert "lx-emergency" in page


def test_notes_never_reach_the_phone(phone: Client, riverside: Hospital, lin: Staff) -> None:
    phone.post(URL, {"text": "你好"})
    with scope(riverside):
        actions.add_note(Thread.objects.get(), "内部的话", by=lin)

    assert "内部的话" not in phone.get(f"{URL}messages/").content.decode()


def test_an_answer_appears_on_the_open_page(phone: Client, riverside: Hospital, lin: Staff) -> None:
    phone.post(URL, {"text": "你好"})
    with scope(riverside):
        actions.send_reply(Thread.objects.get(), "您好，我看一下", by=lin)

    page = phone.get(f"{URL}messages/").content.decode()

    assert "您好，我看一下" in page
    assert "林护士" in page


def test_another_phone_sees_its_own_talk_only(
    phone: Client, riverside: Hospital, holder: Holder
) -> None:
    phone.post(URL, {"text": "我的事"})
    other: Client = sign_in_phone(Client(), make_holder(riverside))

    assert "我的事" not in other.get(URL).content.decode()


def test_the_pages_are_guarded(holder: Holder) -> None:
    assert_portal_guarded(URL, "GET", holder=holder, bad={"text": ""}, methods=("GET", "POST"))
    assert_portal_guarded(f"{URL}messages/", "GET", holder=holder)
