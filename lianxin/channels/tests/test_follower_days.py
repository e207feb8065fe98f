"""Followers by day: asked for once the platform has counted, missed days made up for later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, jobs, queries
from lianxin.channels.adapters.official_account.adapter import OfficialAccount
from lianxin.channels.adapters.official_account.statistics import (
    FollowerCounts,
    list_rows,
    read_days,
)
from lianxin.channels.models import Account, FollowerDay
from lianxin.channels.rules.follower_days import cut_spans, days_to_ask
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import APP_ID, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

PATH = "/datacube/getusersummary"
DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))


@pytest.fixture
def official(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    url = sandbox.official_url
    return make_account(in_riverside, Account.Kind.OFFICIAL_ACCOUNT, base_url=url)


@pytest.fixture
def later(sandbox: Sandbox) -> Iterator[datetime]:
    """Let it be noon in Beijing of the day after tomorrow, on both sides."""
    follow = {"app_id": APP_ID, "scene": "ward3"}
    sandbox.person_does("wang", "oa-subscribe", **follow)
    noon = datetime.combine(date.today() + timedelta(days=2), datetime.min.time(), UTC)  # noqa: DTZ011
    noon += timedelta(hours=4)
    sandbox.post("/control/clock", {"offset_seconds": (noon - datetime.now(UTC)).total_seconds()})
    with time_machine.travel(noon):
        yield noon


def read(account: Account) -> None:
    run_periodic(jobs.__name__, "read_follower_days", account.hospital_id)


def calls(sandbox: Sandbox) -> int:
    return int(sandbox.state()["counts"].get(PATH, {}).get("calls", 0))


def test_a_month_is_asked_for_once_seven_days_at_a_time(
    sandbox: Sandbox, official: Account, later: datetime
) -> None:
    read(official)
    read(official)

    rows = list(FollowerDay.objects.order_by("on"))
    assert len(rows) == 30
    assert rows[-1].on == (later - timedelta(days=1)).date()
    assert (rows[-1].total_count, rows[0].total_count) == (1, 0)
    assert [row.sources for row in rows if row.new_count] == [{"30": [1, 0]}]
    assert sum(row.lost_count or 0 for row in rows) == 0
    assert calls(sandbox) == 5
    assert Event.objects.filter(name="follower_days.read").count() == 5


def test_a_missed_day_is_asked_for_later(
    sandbox: Sandbox, official: Account, later: datetime
) -> None:
    sandbox.add_fault("api_rate_limited", path=PATH)
    read(official)
    assert not FollowerDay.objects.exists()
    open_windows()
    read(official)
    missed = (later - timedelta(days=9)).date()
    FollowerDay.objects.filter(on=missed).delete()

    before = calls(sandbox)
    read(official)

    assert FollowerDay.objects.get(on=missed).total_count == 0
    assert calls(sandbox) == before + 1


def test_before_eight_nobody_is_asked(sandbox: Sandbox, official: Account) -> None:
    with time_machine.travel(time.now().replace(hour=23, minute=59)):  # 07:59 in Beijing
        read(official)

    assert calls(sandbox) == 0


def test_what_was_told_is_not_forgotten(official: Account) -> None:
    day = date(2026, 11, 20)
    told = FollowerCounts(day, 3, 1, 40, {"30": (2, 1), "1": (1, 0)})

    actions.store_follower_days(official, day - timedelta(days=1), day, [told])
    actions.store_follower_days(official, day - timedelta(days=1), day, [])

    kept = {row.on: (row.new_count, row.lost_count) for row in FollowerDay.objects.all()}
    assert kept == {day: (3, 1), day - timedelta(days=1): (None, None)}


def test_answers_come_as_they_like() -> None:
    one = {"ref_date": "2026-11-20", "user_source": "30", "new_user": "2", "cancel_user": None}
    twice = {"ref_date": "2026-11-20", "user_source": 30, "new_user": 1, "cancel_user": 1}
    changes = list_rows({"list": [one, twice, {"ref_date": "soon"}, "x"]})
    totals = list_rows({"list": {"ref_date": "2026-11-21", "cumulate_user": "9"}})

    assert read_days(changes, totals) == [
        FollowerCounts(date(2026, 11, 20), 3, 1, None, {"30": (3, 1)}),
        FollowerCounts(date(2026, 11, 21), 0, 0, 9, {}),
    ]
    assert list_rows({"list": None}) == []


@given(st.sets(DAYS, max_size=40), st.integers(1, 9))
def test_spans_cover_what_is_asked_and_are_short(days: set[date], most: int) -> None:
    spans = cut_spans(days, most)

    covered = {
        first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)
    }
    assert days <= covered
    assert all(first in days and last in days for first, last in spans)
    assert all((last - first).days < most for first, last in spans)
    assert all(spans[n][1] < spans[n + 1][0] for n in range(len(spans) - 1))


@given(DAYS, st.sets(DAYS, max_size=40), st.sets(DAYS, max_size=40))
def test_a_day_that_is_told_is_never_asked_for(
    yesterday: date, told: set[date], untold: set[date]
) -> None:
    asked = days_to_ask(yesterday, told, untold, kept=30, patience=3)

    assert not told & set(asked)
    assert all(0 <= (yesterday - day).days < 30 for day in asked)
    assert all((yesterday - day).days < 3 for day in asked if day in untold)
    unknown = {yesterday - timedelta(days=n) for n in range(30)} - told - untold
    assert unknown <= set(asked)


def test_the_pages_show_what_was_told_and_say_what_was_not(
    riverside: Hospital, as_admin: Client
) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    address = f"/settings/channels/{account.key}/followers/"
    assert "平台还没有提供统计" in as_admin.get(address).content.decode()
    with scope(riverside):
        yesterday = time.now().date() - timedelta(days=1)
        told = FollowerCounts(yesterday, 5, 2, 1240, {"30": (4, 1), "4711": (1, 1)})
        actions.store_follower_days(account, yesterday - timedelta(days=1), yesterday, [told])

    shown = as_admin.get(address).content.decode()

    assert "新关注 5 人，取消关注 2 人" in shown
    assert "扫描二维码" in shown
    assert "其他方式" in shown
    assert "平台未提供" in shown
    page = as_admin.get(f"/settings/channels/{account.key}/").content.decode()
    assert "1240" in page
    assert address in page
    other = make_account(riverside)
    assert as_admin.get(f"/settings/channels/{other.key}/followers/").status_code == 404


def test_a_mass_send_of_the_platforms_site_stands_on_the_page_once(
    riverside: Hospital, as_admin: Client
) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    body = """<xml><ToUserName>gh_tests</ToUserName><FromUserName>oMp</FromUserName>
    <CreateTime>1795400000</CreateTime><MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event>
    <MsgID>{}</MsgID><Status>{}</Status><SentCount>295</SentCount><ErrorCount>1</ErrorCount></xml>"""
    with scope(riverside):
        facts = queries.facts_of(account)
        for told in (("1", "send success"), ("1", "send success"), ("2", "err(10001)")):
            actions.take_in(facts, OfficialAccount().parse(facts, body.format(*told)))
        assert Event.objects.filter(name="mass_send.finished").count() == 2

    page = as_admin.get(f"/settings/channels/{account.key}/followers/").content.decode()

    assert page.count("送到 295 人，没有送到 1 人") == 1
    assert "安全审查没有放行" in page
