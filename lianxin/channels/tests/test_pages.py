from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.adapters.checking import FAILING, Finding
from lianxin.channels.models import Account, LiveCode
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account
from lianxin.testing.core import number


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


def make_code(account: Account, staff: Staff, name: str = "李医生门诊") -> LiveCode:
    with scope(account.hospital_id):
        by = SystemActor(account.hospital_id)
        return actions.create_live_code(account, name, staff=staff, by=by)


def test_the_list_says_how_each_channel_is(as_admin: Client, wecom: Account) -> None:
    with scope(wecom.hospital_id):
        actions.settle_check(wecom, [Finding("ip", FAILING, "ip_not_trusted")])

    page = as_admin.get("/settings/channels/").content.decode()

    assert wecom.name in page
    assert "可信名单" in page


def test_the_page_gives_the_address_and_no_secret(as_admin: Client, wecom: Account) -> None:
    page = as_admin.get(f"/settings/channels/{wecom.key}/").content.decode()

    assert f"/callbacks/wecom/{wecom.key}/" in page
    assert "app-secret" not in page
    assert "单聊内容不会进入连心" in page


def test_the_mini_programs_page_says_what_a_tick_is_good_for(
    as_admin: Client, riverside: Hospital
) -> None:
    mini = make_account(riverside, Account.Kind.MINI_PROGRAM)

    page = as_admin.get(f"/settings/channels/{mini.key}/").content.decode()

    assert f"/callbacks/mini_program/{mini.key}/" in page
    assert "每勾选一次，只能发一条" in page
    assert "小程序" in as_admin.get("/settings/channels/").content.decode()


def test_a_check_is_asked_for(as_admin: Client, wecom: Account) -> None:
    assert as_admin.post(f"/settings/channels/{wecom.key}/check/").status_code == 302

    with scope(wecom.hospital_id):
        wecom.refresh_from_db()
        assert wecom.check_requested_at is not None
    assert "检查中" in as_admin.get(f"/settings/channels/{wecom.key}/").content.decode()


@pytest.mark.parametrize("path", ["/settings/channels/", "/settings/codes/"])
def test_a_nurse_may_not_look(as_lin: Client, wecom: Account, path: str) -> None:
    assert as_lin.get(path).status_code == 403


def test_another_hospitals_account_is_not_there(as_admin: Client, elsewhere: Hospital) -> None:
    theirs = make_account(elsewhere)

    assert as_admin.get(f"/settings/channels/{theirs.key}/").status_code == 404
    assert as_admin.post(f"/settings/channels/{theirs.key}/check/").status_code == 404


def test_a_check_by_get_is_refused(as_admin: Client, wecom: Account) -> None:
    assert as_admin.get(f"/settings/channels/{wecom.key}/check/").status_code == 405


def test_a_live_code_is_made_by_the_form(as_admin: Client, wecom: Account, zhou: Staff) -> None:
    answer = as_admin.post(
        "/settings/codes/new/",
        {
            "name": "周医生海报",
            "account": wecom.key,
            "staff": zhou.key,
            "tags": "心内科，出院",
            "welcome_text": "您好",
        },
    )

    with scope(wecom.hospital_id):
        code = LiveCode.objects.get()
    assert answer.status_code == 302
    assert (code.staff_id, code.tag_names, code.state) == (zhou.pk, ["心内科", "出院"], "making")
    assert len(code.state_key) <= 30


def test_a_code_without_a_member_is_refused(as_admin: Client, wecom: Account) -> None:
    answer = as_admin.post("/settings/codes/new/", {"name": "x", "account": wecom.key})

    assert answer.status_code == 409


def test_a_bad_form_is_shown_again(as_admin: Client, wecom: Account) -> None:
    answer = as_admin.post("/settings/codes/new/", {"name": "", "account": "nobody"})

    assert answer.status_code == 422


def test_a_code_counts_whom_it_brought(as_admin: Client, wecom: Account, zhou: Staff) -> None:
    code = make_code(wecom, zhou)
    come(code, 1)

    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()

    assert "平台不提供扫码次数" in page
    assert code.name in as_admin.get("/settings/codes/").content.decode()


def come(
    code: LiveCode, days_ago: int, *, lost_after: int | None = None, by: str = "by_patient"
) -> None:
    """Let somebody come by the code some days ago, and perhaps leave some days later."""
    came = Inbound(
        event="contact.added",
        arrival_key=f"come:{next(number)}",
        occurred_at=time.now() - timedelta(days=days_ago, minutes=1),
        kind="full",
        external_id=f"wmPerson{next(number)}",
        staff_userid="DrLi",
        state=code.state_key,
    )
    told = [came]
    if lost_after is not None:
        left_at = came.occurred_at + timedelta(days=lost_after)
        key = f"leave:{next(number)}"
        told.append(
            replace(came, event="contact.removed", arrival_key=key, occurred_at=left_at, kind=by)
        )
    with scope(code.hospital_id):
        actions.take_in(queries.facts_of(code.account), told)


def test_a_code_counts_who_is_still_there_after_a_week_and_a_month(
    wecom: Account, zhou: Staff
) -> None:
    code = make_code(wecom, zhou)
    come(code, 40)
    come(code, 40, lost_after=3, by="transferred")
    come(code, 40, lost_after=10)
    come(code, 40, lost_after=3)
    come(code, 8, lost_after=7)
    come(code, 2)

    with scope(wecom.hospital_id):
        found = queries.count_by_live_code(wecom.hospital_id, [code.pk], time.now())[code.pk]

    assert (found.added, found.lost, found.transferred, found.staying) == (6, 3, 1, 2)
    assert (found.staying_7, found.due_7) == (3, 4)
    assert (found.staying_30, found.due_30) == (1, 3)


def test_both_pages_say_who_ended_it(as_admin: Client, wecom: Account, zhou: Staff) -> None:
    code = make_code(wecom, zhou)
    come(code, 9)
    for by in ("by_patient", "by_patient", "by_staff", "transferred", "unlisted"):
        come(code, 9, lost_after=1, by=by)

    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    listed = as_admin.get("/settings/codes/").content.decode()

    facts = {
        name: int(count)
        for name, count in re.findall(r"<dt[^>]*>([^<]+)</dt>\s*<dd>\s*(\d+)\s*</dd>", page)
    }
    assert facts | {"添加": 6, "流失": 4, "转给了同事": 1, "留存": 1} == facts
    assert facts | {"患者删除": 2, "同事删除": 1, "核对时已不在": 1} == facts
    assert "患者删除 2" in listed
    assert "同事删除 1" in listed


def test_an_official_accounts_code_counts_its_scans(
    as_admin: Client, riverside: Hospital, zhou: Staff
) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    code = make_code(account, zhou)
    scans = [
        Inbound(
            event="contact.added",
            arrival_key=f"scan:{number}",
            occurred_at=time.now(),
            kind=kind,
            external_id="oPerson",
            state=code.state_key,
        )
        for number, kind in enumerate(("follow", "scan", "scan"))
    ]
    with scope(riverside):
        actions.take_in(queries.facts_of(account), scans)

    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()

    assert "平台不提供扫码次数" not in page
    found = re.search(r"<dt>\s*扫码\s*</dt>\s*<dd>\s*(\d+)", page)
    assert found
    assert found[1] == "3"


def test_another_hospitals_code_is_not_there(
    as_admin: Client, elsewhere: Hospital, mallory: Staff
) -> None:
    theirs = make_code(make_account(elsewhere), mallory)

    assert as_admin.get(f"/settings/codes/{theirs.key}/").status_code == 404
