"""Beside a chat in WeCom: who is let in, whose chat it is, and what may be said there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from lianxin.channels.models import Account
from lianxin.core.models import AccessEntry, Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions as patients
from lianxin.patients.models import Holder, Patient
from lianxin.staff import actions as staff_actions
from lianxin.staff.models import ClientSession, Staff
from lianxin.testing.channels import AES_KEY, CORP_ID, TOKEN, make_account, open_windows
from lianxin.testing.channels import make_address as add_contact
from lianxin.testing.conversations import make_script
from lianxin.testing.patients import make_holder, make_holding, make_patient
from lianxin.testing.processes import Sandbox, sandbox_process

HTMX = {"HX-Request": "true"}
CHAT = "wmPerson1"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as box:
        corp = {
            "name": "河畔医院",
            "apps": [{"agent_id": 1000002, "secret": "app-secret", "name": "连心"}],
            "members": [{"userid": "LinHushi", "name": "林护士"}, {"userid": "NewOne"}],
            "callback": {"url": "", "token": TOKEN, "encoding_aes_key": AES_KEY},
        }
        box.put(f"/control/corps/{CORP_ID}", corp)
        yield box


@pytest.fixture
def wecom(sandbox: Sandbox, ward: Hospital, lin: Staff) -> Account:
    open_windows()
    with scope(ward):
        Staff.objects.filter(pk=lin.pk).update(wecom_userid="LinHushi")
    return make_account(ward, base_url=sandbox.wecom_url, open_url=sandbox.origin)


@pytest.fixture
def holder(ward: Hospital, wecom: Account) -> Holder:
    return make_holder(ward, address=add_contact(wecom, CHAT, staff_userid="LinHushi"))


def follow(client: Client, account: Account, member: str, to: str = "") -> HttpResponse:
    """Open the entrance, let WeCom name the member, and come back with its answer."""
    begun = client.get(f"/sidebar/enter/{account.key}/", {"to": to} if to else {})
    asked = httpx.get(f"{begun.headers['Location'].split('#')[0]}&as=member:{member}")
    back = urlsplit(asked.headers["Location"])
    return client.get(f"{back.path}?{back.query}")  # type: ignore[return-value]


def write(client: Client, text: str, **more: str) -> HttpResponse:
    body = {"text": text, "external_id": CHAT, **more}
    return client.post("/sidebar/words/", body, headers=HTMX)  # type: ignore[return-value]


# --- Signing in ----------------------------------------------------------------------------------


def test_a_member_is_let_in_and_only_beside_the_chat(
    client: Client, wecom: Account, lin: Staff, chen: Patient
) -> None:
    answer = follow(client, wecom, "LinHushi", f"/sidebar/patients/{chen.key}/")

    assert answer.headers["Location"] == f"/sidebar/patients/{chen.key}/"
    cookie = client.cookies["lx_sidebar"]
    assert (cookie["path"], bool(cookie["httponly"]), cookie["samesite"]) == (
        "/sidebar/",
        True,
        "Lax",
    )
    assert client.get("/sidebar/").status_code == 200
    console = client.get("/", headers={"Cookie": f"lx_sidebar={cookie.value}"})
    assert console.headers["Location"].startswith("/accounts/login/")
    with scope(lin.hospital_id):
        assert Event.objects.get(name="staff.signed_in_by_client").by_id == lin.pk


def test_a_sign_in_of_another_browser_opens_nothing(client: Client, wecom: Account) -> None:
    begun = client.get(f"/sidebar/enter/{wecom.key}/")
    asked = httpx.get(f"{begun.headers['Location'].split('#')[0]}&as=member:LinHushi")
    back = urlsplit(asked.headers["Location"])

    stranger = Client().get(f"{back.path}?{back.query}")

    assert stranger.status_code == 403
    assert "lx_sidebar" not in stranger.cookies
    assert "这次登录已经过期" in stranger.content.decode()


def test_a_code_works_once(client: Client, wecom: Account) -> None:
    begun = client.get(f"/sidebar/enter/{wecom.key}/")
    start = client.cookies["lx_sidebar_enter"].value
    asked = httpx.get(f"{begun.headers['Location'].split('#')[0]}&as=member:LinHushi")
    back = urlsplit(asked.headers["Location"])
    assert client.get(f"{back.path}?{back.query}").status_code == 302

    client.cookies["lx_sidebar_enter"] = start
    assert client.get(f"{back.path}?{back.query}").status_code == 403


def test_a_member_the_house_does_not_know_is_told_what_to_do(
    client: Client, wecom: Account
) -> None:
    answer = follow(client, wecom, "NewOne")

    assert answer.status_code == 403
    assert "请本院管理员在员工资料里填上您的企业微信账号" in answer.content.decode()
    assert "lx_sidebar_door" not in answer.cookies


@pytest.mark.parametrize(
    "to", ["https://evil.invalid/", "//evil.invalid", "/patients/", "/sidebar/../"]
)
def test_a_sign_in_leads_nowhere_else(client: Client, wecom: Account, to: str) -> None:
    assert follow(client, wecom, "LinHushi", to).headers["Location"] == "/sidebar/"


def test_a_session_ends_after_an_hour_and_is_begun_again_by_itself(
    client: Client, wecom: Account, clock: time_machine.Traveller
) -> None:
    follow(client, wecom, "LinHushi")
    clock.shift(timedelta(hours=1))

    again = client.get("/sidebar/")
    part = client.post("/sidebar/contact/", {"external_id": CHAT}, headers=HTMX)

    assert again.headers["Location"].startswith(f"/sidebar/enter/{wecom.key}/?to=")
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sidebar/")


def test_a_leaver_is_out_at_once(client: Client, wecom: Account, lin: Staff, admin: Staff) -> None:
    follow(client, wecom, "LinHushi")
    with scope(lin.hospital_id):
        staff_actions.deactivate_staff(lin, by=admin)

    assert client.get("/sidebar/").status_code == 302
    assert not ClientSession.objects.exists()


# --- Signatures ----------------------------------------------------------------------------------


def test_our_own_page_is_signed_and_no_other(as_lin: Client, wecom: Account) -> None:
    ours = as_lin.post("/sidebar/signatures/", {"url": f"{settings.BASE_URL}/sidebar/"})
    theirs = as_lin.post("/sidebar/signatures/", {"url": "https://evil.invalid/sidebar/"})
    none = as_lin.post("/sidebar/signatures/", {})

    assert set(ours.json()) == {"page_ticket", "agent_ticket"}
    assert set(ours.json()["agent_ticket"]) == {"timestamp", "nonceStr", "signature"}
    assert (theirs.status_code, none.status_code) == (409, 422)
    assert "不是本系统的页面" in theirs.content.decode()


def test_a_provider_that_is_away_is_said_in_words(
    as_lin: Client, wecom: Account, sandbox: Sandbox
) -> None:
    sandbox.post("/control/faults", {"kind": "api_rate_limited", "count": None})
    answer = as_lin.post("/sidebar/signatures/", {"url": f"{settings.BASE_URL}/sidebar/"})
    sandbox.answer("DELETE", "/control/faults/api_rate_limited", None)

    assert answer.status_code == 503
    assert "请一分钟后刷新" in answer.json()["error"]


# --- Whose chat it is ----------------------------------------------------------------------------


def test_the_chat_shows_its_patient_and_the_look_is_logged(
    as_lin: Client, lin: Staff, chen: Patient, holder: Holder
) -> None:
    make_holding(chen, holder)

    answer = as_lin.post("/sidebar/contact/", {"external_id": CHAT}, headers=HTMX)

    page = answer.content.decode()
    assert "张*兰" in page
    assert "张桂兰" not in page
    assert "插入到聊天" in page
    with scope(chen.hospital_id):
        looks = AccessEntry.objects.filter(by_id=lin.pk, patient_id=chen.pk)
        assert list(looks.values_list("page", flat=True)) == ["desk:sidebar"]


def test_somebody_with_two_patients_is_asked_which(
    as_lin: Client, ward: Hospital, chen: Patient, holder: Holder
) -> None:
    other = make_patient(ward, name="陈大力")
    make_holding(chen, holder)
    make_holding(other, holder, relation="family")

    page = as_lin.post("/sidebar/contact/", {"external_id": CHAT}).content.decode()
    chosen = as_lin.post(f"/sidebar/patients/{other.key}/chat/", {"external_id": CHAT})

    assert "这部手机替几位患者联系" in page
    assert "插入到聊天" not in page
    assert "陈*力" in chosen.content.decode()


def test_an_unknown_contact_is_invited_or_linked(
    as_lin: Client, ward: Hospital, chen: Patient, holder: Holder
) -> None:
    page = as_lin.post("/sidebar/contact/", {"external_id": CHAT}).content.decode()
    found = as_lin.post("/sidebar/search/", {"search": "张桂兰", "external_id": CHAT})
    beside = as_lin.post(f"/sidebar/patients/{chen.key}/chat/", {"external_id": CHAT})

    assert "还没有核验这位联系人是谁" in page
    assert chen.key in found.content.decode()
    assert "先不要发任何健康内容" in beside.content.decode()
    assert "插入到聊天" not in beside.content.decode()
    other = make_holder(ward)
    with scope(ward):
        digits = patients.show_bedside_number(other, "self")
    url = f"/sidebar/patients/{chen.key}/link/"
    refused = as_lin.post(url, {"external_id": CHAT, "digits": digits}, headers=HTMX)
    with scope(ward):
        own = patients.show_bedside_number(holder, "self")
    linked = as_lin.post(url, {"external_id": CHAT, "digits": own}, headers=HTMX)

    assert refused.status_code == 409
    assert "插入到聊天" in linked.content.decode()


def test_a_contact_that_has_not_come_yet_is_said_so(as_lin: Client, wecom: Account) -> None:
    page = as_lin.post("/sidebar/contact/", {"external_id": "wmNobody"}).content.decode()

    assert "连心还没有收到这位联系人" in page


def test_another_hospitals_contact_is_nobody(
    as_mallory: Client, elsewhere: Hospital, chen: Patient, holder: Holder
) -> None:
    make_holding(chen, holder)
    make_account(elsewhere)

    page = as_mallory.post("/sidebar/contact/", {"external_id": CHAT}).content.decode()

    assert "连心还没有收到这位联系人" in page


# --- Words ---------------------------------------------------------------------------------------


def test_a_script_is_filled_in_checked_and_handed_over(
    as_lin: Client, lin: Staff, ward: Hospital, chen: Patient, holder: Holder
) -> None:
    make_holding(chen, holder)
    script = make_script(ward, "{称呼}您好，我是{医院}的{我}。复诊请空腹。")
    where = {"external_id": CHAT, "patient": chen.key, "script": script.key}

    taken = as_lin.post("/sidebar/script/", where, headers=HTMX).content.decode()
    text = "张女士您好，我是河畔医院的林护士。复诊请空腹。"
    given = write(as_lin, text, patient=chen.key, script=script.key)

    assert text in taken
    assert f'data-sidebar-words="{text}"' in given.content.decode()
    with scope(ward):
        told = Event.objects.get(name="words.offered")
        assert (told.patient_id, told.by_id) == (chen.pk, lin.pk)
        assert told.data == {"script_id": script.pk, "characters": len(text)}


@pytest.mark.parametrize(
    "text", ["您这是高血压 2 级，把药加到两片。", "{称呼}您好", "", "好" * 601]
)
def test_what_may_not_be_said_does_not_reach_the_chat(
    as_lin: Client, ward: Hospital, chen: Patient, holder: Holder, text: str
) -> None:
    make_holding(chen, holder)

    answer = write(as_lin, text, patient=chen.key)

    assert answer.status_code in {409, 422}
    assert "data-sidebar-words" not in answer.content.decode()
    with scope(ward):
        assert not Event.objects.filter(name="words.offered").exists()


def test_nobody_is_written_to_after_a_life_event(
    as_lin: Client, lin: Staff, ward: Hospital, chen: Patient, holder: Holder
) -> None:
    make_holding(chen, holder)
    with scope(ward):
        patients.record_life_event(chen, "death", by=lin)

    # Also when the page names nobody, as it would for somebody unknown.
    for named in (chen.key, ""):
        answer = write(as_lin, "您好", patient=named)
        assert answer.status_code == 409
        assert "已停止" in answer.content.decode()


def test_somebody_else_than_the_chats_patient_is_not_written_to(
    as_lin: Client, ward: Hospital, chen: Patient, holder: Holder
) -> None:
    answer = write(as_lin, "您好", patient=chen.key)

    assert answer.status_code == 409
    assert "还没有核验" in answer.content.decode()


def test_the_invitation_leads_to_our_own_door(
    as_lin: Client, wecom: Account, holder: Holder
) -> None:
    body = {"script": "invitation", "external_id": CHAT}
    page = as_lin.post("/sidebar/script/", body, headers=HTMX).content.decode()

    assert f"{settings.BASE_URL}/p/enter/{wecom.key}/" in page
    assert "林护士" in page


def test_the_address_of_the_sign_in_names_nobody(client: Client, wecom: Account) -> None:
    begun = client.get(f"/sidebar/enter/{wecom.key}/")
    query = parse_qs(urlsplit(begun.headers["Location"]).query)

    assert query["scope"] == ["snsapi_base"]
    assert query["agentid"] == ["1000002"]
    assert Path(urlsplit(query["redirect_uri"][0]).path).name == wecom.key
