from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from lianxin.conversations import catalog
from lianxin.conversations.rules import clock, delivery, threads

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026: the 16th is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("arrived", "due"),
    [
        (at(16, 9), at(16, 10)),
        (at(16, 19, 30), at(17, 8, 30)),  # half an hour today, half an hour tomorrow
        (at(16, 23), at(17, 9)),  # by night the clock starts in the morning
        (at(16, 7), at(16, 9)),
        (at(21, 11, 30), at(22, 8, 30)),  # Saturday closes at noon
        (at(22, 15), at(23, 9)),  # Sunday afternoon waits for Monday
    ],
)
def test_a_normal_answer_is_due_in_duty_hours(arrived: datetime, due: datetime) -> None:
    assert clock.first_reply_due(arrived, "normal", catalog.default_clock()) == due


@pytest.mark.parametrize(("urgency", "minutes"), [("emergency", 5), ("urgent", 15)])
def test_danger_knows_no_duty_hours(urgency: str, minutes: int) -> None:
    due = clock.first_reply_due(at(22, 3), urgency, catalog.default_clock())

    assert due == at(22, 3, minutes)


def test_a_hospital_lays_its_own_values_over() -> None:
    own = catalog.service_clock({"targets.normal.minutes": 30, "unknown.name": 1})

    assert clock.first_reply_due(at(16, 9), "normal", own) == at(16, 9, 30)
    assert catalog.default_clock().targets["normal"].minutes == 60


def test_without_duty_hours_the_clock_counts_plainly() -> None:
    own = catalog.service_clock({f"hours.{day}": [] for day in range(1, 8)})

    assert clock.first_reply_due(at(16, 9), "normal", own) == at(16, 10)


def test_duty_ends_at_the_minute() -> None:
    assert clock.is_on_duty(at(16, 19, 59), catalog.default_clock())
    assert not clock.is_on_duty(at(16, 20), catalog.default_clock())


def test_silence_or_a_closed_consult_starts_a_new_one() -> None:
    hours = catalog.default_clock()

    assert clock.starts_new_consult(None, at(16, 9), hours, is_open=True)
    assert clock.starts_new_consult(at(16, 8), at(16, 9), hours, is_open=False)
    assert clock.starts_new_consult(at(1, 8), at(16, 9), hours, is_open=True)
    assert not clock.starts_new_consult(at(15, 8), at(16, 9), hours, is_open=True)


@pytest.mark.parametrize(
    ("urgency", "is_waiting", "is_open", "place"),
    [
        ("emergency", True, True, threads.EMERGENCY),
        ("urgent", True, True, threads.URGENT),
        ("normal", True, True, threads.WAITING),
        ("emergency", False, True, threads.QUIET),  # somebody has answered
        ("normal", True, False, threads.CLOSED),
    ],
)
def test_danger_comes_first(urgency: str, is_waiting: bool, is_open: bool, place: int) -> None:
    assert threads.attention(urgency, is_waiting=is_waiting, is_open=is_open) == place


def test_a_late_answer_says_by_how_much() -> None:
    due = threads.due_state(at(16, 9), at(16, 9, 18))

    assert due is not None
    assert due.is_late
    assert due.left.total_seconds() == 18 * 60
    assert threads.due_state(None, at(16, 9)) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我的电话 13800001234", "我的电话 138****1234"),
        ("身份证 11010519491231002X", "身份证 110****002X"),
        ("血压 135/85", "血压 135/85"),
        ("第一行\n第二行", "第一行 第二行"),
    ],
)
def test_a_preview_hides_long_numbers(text: str, shown: str) -> None:
    assert threads.preview(text) == shown


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("queued", "sent", True),
        ("sent", "delivered", True),
        ("delivered", "sent", False),  # receipts arrive in any order
        ("delivered", "failed", False),
        ("sent", "failed", True),
        ("failed", "sent", True),  # another carrier took it
        ("refused", "sent", False),
        ("sent", "sent", False),
    ],
)
def test_a_report_never_takes_a_message_back(old: str, new: str, changes: bool) -> None:
    assert delivery.may_follow(old, new) is changes
