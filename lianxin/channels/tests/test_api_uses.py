"""How often providers are called: counted over all processes, and never again while refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, synchronising
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.windows import (
    DAY,
    HOUR,
    MINUTE,
    CallWindows,
    Use,
    end_of_count,
    window_of_block,
)
from lianxin.channels.models import Account
from lianxin.channels.providers import WINDOWS
from lianxin.channels.queries.api_uses import list_path_uses
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.testing.channels import make_account, open_windows
from lianxin.testing.processes import Sandbox

NOON = datetime(2026, 11, 23, 4, 0, 30, tzinfo=UTC)
TICKETS = "/cgi-bin/get_jsapi_ticket"
LIST = "/cgi-bin/externalcontact/get_follow_user_list"


def blocked(window: str, *, seconds: int) -> Use:
    """Return a block that ended so long before noon."""
    return Use("/", window, NOON, blocked_until=NOON - timedelta(seconds=seconds))


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def test_the_last_call_of_an_hour_goes_and_the_next_one_waits() -> None:
    windows = CallWindows()
    answers = [windows.enter(1, "wecom", TICKETS, NOON) for _ in range(101)]

    assert answers == [None] * 100 + [end_of_count(HOUR, NOON)]
    assert windows.enter(2, "wecom", TICKETS, NOON) is None
    assert windows.enter(1, "wecom", TICKETS, NOON + timedelta(hours=1)) is None


@given(st.lists(st.integers(0, 90), min_size=1, max_size=4))
def test_several_processes_together_never_pass_the_limit(calls: list[int]) -> None:
    stored: dict[tuple[str, str], Use] = {}
    passed = 0
    for count in calls:
        one = CallWindows()
        one.learn(1, stored.values())
        passed += sum(one.enter(1, "wecom", TICKETS, NOON) is None for _ in range(count))
        for use in one.take_untold(1):
            before = stored.get((use.path, use.window))
            used = use.used + (before.used if before else 0)
            stored[use.path, use.window] = Use(use.path, use.window, use.ends_at, used)

    assert passed == min(100, sum(calls))


@pytest.mark.parametrize(
    ("used", "last", "found"),
    [
        ([(MINUTE, 10, 10000)], None, MINUTE),
        ([(MINUTE, 10, 10000), (HOUR, 80_000, 150_000)], None, HOUR),
        ([(MINUTE, 1, 10000), (HOUR, 1, 150_000)], blocked(MINUTE, seconds=30), HOUR),
        ([(MINUTE, 1, 10000), (HOUR, 1, 150_000)], blocked(MINUTE, seconds=90), MINUTE),
        ([(MINUTE, 1, 10000), (HOUR, 1, 150_000)], blocked(HOUR, seconds=50), HOUR),
        ([(MINUTE, 1, 10000), (DAY, 1, 150_000)], blocked(MINUTE, seconds=30), DAY),
        ([(MINUTE, 1, 10000), (DAY, 1, 0)], blocked(MINUTE, seconds=30), MINUTE),
        # Never shorter than the shortest limit that the path has.
        ([(HOUR, 10, 100), (DAY, 10, 0)], None, HOUR),
        ([(DAY, 10, 1000)], None, DAY),
    ],
)
def test_a_refusal_means_the_limit_we_are_near_or_a_longer_one_than_last_time(
    used: list[tuple[str, int, int]], last: Use | None, found: str
) -> None:
    assert window_of_block(MINUTE, used, last, NOON) == found
    assert window_of_block(MINUTE, used, None, NOON) in {MINUTE, found}


def test_where_calls_passed_since_a_block_the_next_one_is_a_new_one() -> None:
    windows = CallWindows()
    ends_at = windows.block(1, "wecom", LIST, MINUTE, NOON)
    later = ends_at + timedelta(seconds=5)
    assert windows.enter(1, "wecom", LIST, NOON) == ends_at

    windows.pass_through(1, LIST, later)
    assert windows.block(1, "wecom", LIST, MINUTE, later) == later + timedelta(minutes=1)
    again = later + timedelta(seconds=65)
    assert windows.block(1, "wecom", LIST, MINUTE, again) == again + timedelta(hours=1)


def test_a_block_lasts_while_it_is_told_and_when_telling_fails() -> None:
    windows = CallWindows()
    windows.enter(1, "wecom", LIST, NOON)
    until = windows.block(1, "wecom", LIST, MINUTE, NOON)
    before = Use(LIST, MINUTE, end_of_count(MINUTE, NOON), 1)

    rows = windows.take_untold(1)
    assert windows.enter(1, "wecom", LIST, NOON) == until
    # What another part of this process read before the refusal.
    windows.learn(1, [before])
    assert windows.enter(1, "wecom", LIST, NOON) == until
    windows.add(1, LIST, MINUTE, NOON)
    windows.put_back(1, rows)

    [told] = [use for use in windows.take_untold(1) if use.window == MINUTE]
    assert (told.used, told.blocked_until) == (2, until)


def test_a_block_that_was_not_told_outlives_its_window() -> None:
    windows = CallWindows()
    until = windows.block(1, "wecom", LIST, HOUR, NOON)
    rows = windows.take_untold(1)
    windows.add(1, LIST, HOUR, NOON + timedelta(hours=1))
    windows.put_back(1, rows)

    assert [use.blocked_until for use in windows.take_untold(1)] == [until]


def test_what_one_process_was_refused_no_other_asks_for(
    sandbox: Sandbox, wecom: Account, as_admin: Client
) -> None:
    sandbox.add_fault("api_rate_limited", path=LIST, count=1)
    compare(wecom)
    assert Event.objects.filter(name="account.path_blocked").count() == 1
    WINDOWS.clear()  # another process, which has heard of nothing
    asked = count_asked(sandbox)

    compare(wecom)

    assert count_asked(sandbox) == asked
    page = as_admin.get(f"/settings/channels/{wecom.key}/calls/").content.decode()
    assert "1 个接口正被平台限流" in page
    assert LIST in page
    with time_machine.travel(time.now() + timedelta(minutes=2)):
        compare(wecom)
    assert count_asked(sandbox) > asked


def test_counts_of_two_processes_add_up_and_an_older_window_adds_nothing(wecom: Account) -> None:
    later = NOON + timedelta(hours=1)
    early, late = (Use(LIST, HOUR, end_of_count(HOUR, at), 3) for at in (NOON, later))
    for use in (early, early, late):
        actions.count_calls(wecom.hospital_id, wecom.pk, [use])
    found = actions.count_calls(wecom.hospital_id, wecom.pk, [early])

    assert [(use.used, use.ends_at) for use in found] == [(3, late.ends_at)]
    assert list_path_uses(wecom, "wecom", later) == []


def compare(account: Account) -> None:
    with suppress(ProviderError):
        synchronising.sync_now(account.hospital_id, account.pk)


def count_asked(sandbox: Sandbox) -> int:
    return int(sandbox.state()["counts"].get(LIST, {}).get("calls", 0))
