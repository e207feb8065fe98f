from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.channels import actions as channels
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.adapters.windows import Use
from lianxin.channels.models import Account
from lianxin.channels.queries import facts_of
from lianxin.core import time
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.outreach import actions
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account
from lianxin.testing.guarded import assert_guarded, sign_in
from lianxin.testing.outreach import (
    Reachable,
    make_delivery,
    make_intent,
    make_reachable,
    write_to,
)
from lianxin.testing.staff import make_staff

OA, KF = Account.Kind.OFFICIAL_ACCOUNT, Account.Kind.WECOM_KF
# Past midnight in Shanghai, the evening before in UTC.
ENDED_AT = datetime(2026, 11, 10, 17, tzinfo=UTC)


def refuse_one(hospital: Hospital) -> str:
    """Let one card be refused, and return the patient's key."""
    reachable = make_reachable(hospital, OA, consents=())
    make_intent(reachable)
    with scope(hospital):
        actions.claim_deliveries(hospital.pk)
    return reachable.patient.key


def test_the_list_is_guarded(riverside: Hospital) -> None:
    assert_guarded("/sends/", "GET", hospital=riverside, permission="send.read", has_object=False)


def test_the_forecast_is_guarded(riverside: Hospital) -> None:
    path = "/sends/forecast/"
    assert_guarded(path, "GET", hospital=riverside, permission="send.read", has_object=False)


@pytest.mark.parametrize(
    ("path", "minutes", "is_said"),
    [
        ("/cgi-bin/message/template/send", 5, True),
        ("/cgi-bin/message/template/send", -5, False),
        ("/cgi-bin/user/info", 5, False),
    ],
)
def test_the_forecast_says_which_account_the_platform_holds_back_and_until_when(
    as_lin: Client, riverside: Hospital, path: str, minutes: int, is_said: bool
) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    until = time.now() + timedelta(minutes=minutes)
    with scope(riverside):
        refused = Use(path, "minute", until, blocked_until=until)
        channels.count_calls(riverside.pk, account.pk, [refused])

    page = as_lin.get("/sends/forecast/").content.decode()

    assert ("有账号正被平台限流" in page) == is_said
    assert (f"{account.name}：到" in page) == is_said
    assert (f"{time.local(riverside, until):%H:%M}" in page) >= is_said


def test_a_forecast_says_who_will_not_get_it_and_why(as_lin: Client, riverside: Hospital) -> None:
    make_reachable(riverside, OA)
    make_reachable(riverside, OA, consents=())
    asked = "?priority=follow_up&first=longest_without"

    page = as_lin.get(f"/sends/forecast/{asked}").content.decode()

    assert "选中 2 人，可达 1 人，将拒绝 1 人" in page
    assert "患者没有同意这一类消息。" in page
    assert "最后 20000 条留给复诊、用药和随访" in page
    nobody = as_lin.get(f"/sends/forecast/{asked}&stage=before_visit").content.decode()
    assert "没有符合条件的患者" in nobody
    wrong = as_lin.get("/sends/forecast/?priority=nonsense&department=x")
    assert wrong.status_code == 200
    assert "lx-field-error" in wrong.content.decode()


def test_reachability_is_guarded(riverside: Hospital) -> None:
    key = make_reachable(riverside).patient.key

    assert_guarded(f"/patients/{key}/reach/", "GET", hospital=riverside, permission="patient.read")


def test_a_refusal_is_read_with_its_reason_and_what_can_be_done(
    as_lin: Client, riverside: Hospital
) -> None:
    refuse_one(riverside)

    page = as_lin.get("/sends/?state=refused").content.decode()

    assert "患者没有同意这一类消息。" in page
    assert "不能发，不再追问" in page


def test_filters_narrow_and_nonsense_filters_nothing(as_lin: Client, riverside: Hospital) -> None:
    refuse_one(riverside)

    assert "没有符合条件的记录" in as_lin.get("/sends/?state=sent").content.decode()
    assert "未同意" in as_lin.get("/sends/?state=whatever").content.decode()
    assert "未同意" in as_lin.get("/sends/?reason=no_consent").content.decode()


def test_operators_see_results_and_no_names(riverside: Hospital) -> None:
    key = refuse_one(riverside)
    client = sign_in(make_staff(riverside, role=Staff.Role.OPERATOR))

    page = client.get("/sends/").content.decode()

    assert "未同意" in page
    assert key not in page
    with scope(riverside):
        assert not AccessEntry.objects.filter(page="outreach:list").exists()


def test_who_looks_is_written_down(as_lin: Client, riverside: Hospital) -> None:
    refuse_one(riverside)

    as_lin.get("/sends/")

    with scope(riverside):
        assert AccessEntry.objects.filter(page="outreach:list").count() == 1


def test_the_list_costs_the_same_for_one_and_for_ten(as_lin: Client, riverside: Hospital) -> None:
    reachable = make_reachable(riverside, OA)
    make_delivery(reachable)
    as_lin.get("/sends/")
    with CaptureQueriesContext(connection) as one:
        as_lin.get("/sends/")
    for _ in range(9):
        make_delivery(make_reachable(riverside, account=reachable.account))
    with CaptureQueriesContext(connection) as ten:
        as_lin.get("/sends/")

    assert len(one) == len(ten)


def test_reachability_says_until_when_and_how_often(as_lin: Client, riverside: Hospital) -> None:
    reachable = make_reachable(riverside, KF)
    url = f"/patients/{reachable.patient.key}/reach/"
    # One minute less than 17 hours ago: 31 whole hours are left.
    with time_machine.travel(time.now() - timedelta(hours=16, minutes=59)):
        write_to(reachable)

    page = as_lin.get(url).content.decode()
    as_lin.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = as_lin.get(url, headers={"HX-Request": "true"}).content.decode()

    assert "微信客服" in page
    assert "还可主动回复 31 小时，余 5 条" in page
    assert "You may still reply for 31 hours, 5 messages left" in english
    assert "<html" not in english


def test_reachability_says_why_not_and_what_can_be_done(
    as_lin: Client, riverside: Hospital
) -> None:
    reachable = make_reachable(riverside, KF)
    with time_machine.travel(time.now() - timedelta(hours=49)):
        write_to(reachable)

    page = as_lin.get(f"/patients/{reachable.patient.key}/reach/").content.decode()

    assert "可以：等患者再发一条消息" in page


def test_what_wecom_still_lets_a_person_send_this_month_is_said(
    as_lin: Client, riverside: Hospital, lin: Staff
) -> None:
    with scope(riverside):
        Staff.objects.filter(pk=lin.pk).update(wecom_userid="lin")
    reachable = make_reachable(riverside, Account.Kind.WECOM, staff_userid="lin")

    page = as_lin.get(f"/patients/{reachable.patient.key}/reach/").content.decode()

    assert "须人工确认，本月余 " in page


def end_contact(reachable: Reachable, by: str, staff_userid: str = "") -> None:
    """Let the provider tell that the contact is over, as its callback does."""
    inbound = Inbound(
        event="contact.removed",
        arrival_key=f"ended:{by}",
        occurred_at=ENDED_AT,
        kind=by,
        external_id=reachable.address.external_id,
        staff_userid=staff_userid,
    )
    with scope(reachable.patient.hospital_id):
        channels.take_in(facts_of(reachable.account), [inbound])


@pytest.mark.parametrize(
    ("by", "chinese", "english"),
    [
        ("by_patient", "2026-11-11 患者删除了林护士", "The patient removed 林护士 on 2026-11-11"),
        ("by_staff", "2026-11-11 林护士删除了患者", "林护士 removed the patient on 2026-11-11"),
        ("transferred", "由林护士转给了同事", "Handed on by 林护士 to a colleague"),
        ("unlisted", "核对时已不在林护士的联系人里", "no longer among the contacts of 林护士"),
        ("whatever", "与林护士的联系已结束", "The contact with 林护士 ended on 2026-11-11"),
    ],
)
def test_who_ended_a_contact_and_when_is_said(
    as_lin: Client, riverside: Hospital, lin: Staff, by: str, chinese: str, english: str
) -> None:
    with scope(riverside):
        Staff.objects.filter(pk=lin.pk).update(wecom_userid="lin")
    with time_machine.travel(ENDED_AT - timedelta(days=9)):
        reachable = make_reachable(riverside, Account.Kind.WECOM, staff_userid="lin")
    end_contact(reachable, by, "lin")
    url = f"/patients/{reachable.patient.key}/reach/"

    page = as_lin.get(url).content.decode()
    as_lin.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    assert chinese in page
    assert "患者已删除或取消关注。" not in page
    assert english in as_lin.get(url).content.decode()


def test_who_unfollowed_is_told_with_the_day(as_lin: Client, riverside: Hospital) -> None:
    with time_machine.travel(ENDED_AT - timedelta(days=9)):
        reachable = make_reachable(riverside, OA)
    end_contact(reachable, "by_patient")

    page = as_lin.get(f"/patients/{reachable.patient.key}/reach/").content.decode()

    assert "2026-11-11 起不再关注" in page
    assert "未连接" not in page


def test_ways_that_lead_nowhere_yet_are_named_with_how_to_connect(
    as_lin: Client, riverside: Hospital
) -> None:
    reachable = make_reachable(riverside, KF)
    make_account(riverside, OA)
    make_account(riverside, Account.Kind.WEBCHAT)
    make_account(riverside, Account.Kind.SMS)
    url = f"/patients/{reachable.patient.key}/reach/"

    page = as_lin.get(url).content.decode()
    as_lin.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = as_lin.get(url).content.decode()

    assert "公众号（扫码关注）、网页（打开网页聊天的链接）" in page
    assert page.count("未连接") == 1
    assert "没有可用的渠道" not in page
    assert "Not connected" in english
    with scope(riverside):
        Patient.objects.filter(pk=reachable.patient.pk).update(state="restricted")
    assert "Not connected" not in as_lin.get(url).content.decode()
