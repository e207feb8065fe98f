"""What members did, by day: asked for once it is counted, and what was not told is not none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, jobs
from lianxin.channels.adapters.base import as_amount, as_count
from lianxin.channels.adapters.wecom.behavior import DayCounts, read_day
from lianxin.channels.models import Account, MemberDay
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import CORP_ID, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

PATH = "/cgi-bin/externalcontact/get_user_behavior_data"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def read(account: Account) -> None:
    run_periodic(jobs.__name__, "read_member_days", account.hospital_id)


def test_yesterday_is_asked_for_once_for_each_member(sandbox: Sandbox, wecom: Account) -> None:
    # Noon in Beijing of the day after tomorrow, so that tomorrow is over on both sides.
    noon = datetime.combine(date.today() + timedelta(days=2), datetime.min.time(), UTC)  # noqa: DTZ011
    noon += timedelta(hours=4)
    sandbox.post("/control/clock", {"offset_seconds": (noon - datetime.now(UTC)).total_seconds()})
    day = (noon - timedelta(days=1)).date()
    told = {"chat_cnt": 4, "message_cnt": 9, "reply_percentage": 62.5, "new_apply_cnt": 1}
    verb = f"/control/corps/{CORP_ID}/members/DrLi/note-day"
    sandbox.post(verb, {"day": day.isoformat()} | told)

    with time_machine.travel(noon):
        read(wecom)
        read(wecom)

    row = MemberDay.objects.get(staff_userid="DrLi", on=day)
    assert (row.chat_count, row.message_count, row.reply_percent) == (4, 9, 62.5)
    assert row.first_reply_minutes is None
    assert MemberDay.objects.filter(staff_userid="ZhouMin").count() == 7
    assert sandbox.state()["counts"][PATH]["calls"] == 2  # two members, once


def test_a_busy_provider_is_asked_again_an_hour_later(sandbox: Sandbox, wecom: Account) -> None:
    sandbox.add_fault("api_rate_limited", path=PATH)
    noon = time.now().replace(hour=4)

    with time_machine.travel(noon):
        read(wecom)
        assert not MemberDay.objects.exists()
        open_windows()
        read(wecom)

    assert set(MemberDay.objects.values_list("staff_userid", flat=True)) == {"DrLi", "ZhouMin"}


def test_before_the_night_is_over_nobody_is_asked(sandbox: Sandbox, wecom: Account) -> None:
    with time_machine.travel(time.now().replace(hour=17)):  # one in the morning in Beijing
        read(wecom)

    assert PATH not in sandbox.state()["counts"]


def test_numbers_come_as_they_like_and_absent_ones_stay_absent() -> None:
    row = {
        "stat_time": "1536508800",
        "chat_cnt": "100",
        "message_cnt": 80.0,
        "reply_percentage": 60,
        "avg_reply_time": None,
        "new_contact_cnt": "many",
    }

    assert read_day(row) == DayCounts(
        on=date(2018, 9, 10), chat_count=100, message_count=80, reply_percent=60.0
    )


@given(st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.lists(st.text()))
def test_no_value_breaks_the_reading(value: object) -> None:
    number, count = as_amount(value), as_count(value)

    assert number is None or 0 <= number < 2**31
    assert (count is None) == (number is None)


def test_the_page_shows_what_was_told_and_says_what_was_not(
    riverside: Hospital, as_admin: Client
) -> None:
    account = make_account(riverside)
    address = f"/settings/channels/{account.key}/members/"
    assert "平台还没有提供统计" in as_admin.get(address).content.decode()
    yesterday = time.now().date() - timedelta(days=1)
    with scope(riverside):
        counts = DayCounts(yesterday, chat_count=4, message_count=9)
        first = yesterday - timedelta(days=1)
        actions.store_days(account, "DrLi", first, yesterday, [counts])
        actions.store_days(account, "DrLi", first, yesterday, [counts])

    shown = as_admin.get(address).content.decode()

    assert "员工共发出 9 条消息" in shown
    assert "DrLi" in shown
    assert "平台未提供" in shown
