"""What customer service did, by day: asked for once it is counted, and gaps are filled later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, jobs
from lianxin.channels.adapters.wecom_kf.statistics import ServiceCounts, read_day
from lianxin.channels.models import Account, ServiceDay
from lianxin.channels.rules.service_days import find_gap
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import CORP_ID, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

CORP, MINE = "/cgi-bin/kf/get_corp_statistic", "/cgi-bin/kf/get_servicer_statistic"
KF = "wkCare"


@pytest.fixture
def kf(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, "wecom_kf", base_url=sandbox.wecom_url, open_kfid=KF)


def read(account: Account) -> None:
    run_periodic(jobs.__name__, "read_service_days", account.hospital_id)


def calls(sandbox: Sandbox, path: str) -> int:
    return int(sandbox.state()["counts"].get(path, {}).get("calls", 0))


def test_yesterday_and_what_is_missing_is_asked_for_once(sandbox: Sandbox, kf: Account) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="在吗")
    answer = {"open_kfid": KF, "person": "wang", "text": "在"}
    sandbox.post(f"/control/corps/{CORP_ID}/members/ZhouMin/kf-write", answer)
    day = time.now().astimezone(UTC) + timedelta(hours=8)
    noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC) + timedelta(days=1)
    ahead = (noon - datetime.now(UTC)).total_seconds()
    sandbox.post("/control/clock", {"offset_seconds": ahead})

    with time_machine.travel(noon):
        sandbox.add_fault("api_rate_limited", path=CORP)
        read(kf)
        assert not ServiceDay.objects.filter(servicer_userid="").exists()
        open_windows()
        read(kf)
        read(kf)

    rows = ServiceDay.objects.filter(on=day.date())
    whole, mine = rows.get(servicer_userid=""), rows.get(servicer_userid="ZhouMin")
    assert (whole.session_count, whole.message_count, whole.reply_percent) == (1, 1, None)
    assert (mine.session_count, mine.reply_percent, mine.first_reply_seconds) == (1, 100.0, 30.0)
    assert ServiceDay.objects.filter(servicer_userid="").count() == 31
    assert calls(sandbox, MINE) == 1
    with time_machine.travel(noon.replace(hour=20)):  # four in the morning in Beijing
        before = calls(sandbox, CORP)
        read(kf)
    assert calls(sandbox, CORP) == before


def test_the_page_shows_what_was_told_and_says_what_was_not(
    riverside: Hospital, as_admin: Client
) -> None:
    account = make_account(riverside, "wecom_kf")
    address = f"/settings/channels/{account.key}/service-days/"
    assert "平台还没有提供统计" in as_admin.get(address).content.decode()
    yesterday = (time.now() + timedelta(hours=8)).date() - timedelta(days=1)
    with scope(riverside):
        for userid in ("", "ZhouMin"):
            counts = ServiceCounts(yesterday, session_count=7, customer_count=5, reply_percent=50.0)
            first = yesterday - timedelta(days=2)
            actions.store_service_days(account, userid, first, yesterday, [counts])

    shown = as_admin.get(address).content.decode()

    assert "7 次咨询会话" in shown
    assert "50%" in shown
    assert "平台未提供" in shown


def test_numbers_come_as_they_like_and_absent_ones_stay_absent() -> None:
    told = {"session_cnt": "3", "customer_cnt": 2.0, "reply_rate": "0.5", "extra": []}

    found = read_day({"stat_time": "1645545600", "statistic": told})

    assert found == ServiceCounts(
        date(2022, 2, 23), session_count=3, customer_count=2, reply_percent=50.0
    )
    assert read_day({"stat_time": 1645545600}) == ServiceCounts(date(2022, 2, 23))


@given(st.sets(st.integers(0, 40)), st.integers(1, 31))
def test_the_oldest_missing_day_is_found(known: set[int], length: int) -> None:
    last = date(2026, 11, 22)
    days = {last - timedelta(days=number) for number in known}

    gap = find_gap(days, last, length)

    if gap is None:
        assert all(last - timedelta(days=number) in days for number in range(length))
    else:
        assert gap not in days
        assert 0 <= (last - gap).days < length
