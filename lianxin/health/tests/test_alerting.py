from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.health.rules.alerting import (
    LIVE,
    MOVES,
    confirm_due,
    deadline,
    may_be_raised_again,
    next_rank,
    next_state,
    states_before,
)
from lianxin.health.tests.shipped import NOW, SETTINGS, SHANGHAI, on_day

ALERTING = SETTINGS["alerting"]


@pytest.mark.parametrize(
    ("state", "happening", "expected"),
    [
        ("awaiting_second", "second_over", "open"),
        ("awaiting_second", "symptom", "open"),
        ("awaiting_second", "time_out", "open"),
        ("awaiting_second", "second_under", "closed"),
        ("awaiting_second", "close", None),  # nobody closes what is not yet known
        ("open", "time_out", None),
        ("open", "acknowledge", "acknowledged"),
        ("acknowledged", "close", "closed"),
        ("acknowledged", "level_rose", "open"),
        ("closed", "acknowledge", None),
    ],
)
def test_moves(state: str, happening: str, expected: str | None) -> None:
    assert next_state(state, happening) == expected


def test_nothing_leaves_closed() -> None:
    assert not [move for move in MOVES if move[0] == "closed"]
    assert set(LIVE) == {state for state, _ in MOVES}
    assert states_before("close") == ("open", "acknowledged")


@pytest.mark.parametrize(
    ("level", "at", "expected"),
    [
        ("red", on_day(24, 3), on_day(24, 3, 15)),  # nights count
        ("orange", on_day(24, 9), on_day(24, 11)),  # Tuesday
        ("orange", on_day(24, 17), on_day(25, 9, 30)),  # half an hour left today
        ("orange", on_day(27, 20), on_day(30, 10)),  # Friday night to Monday
        ("yellow", on_day(24, 9), on_day(25, 9)),
        ("yellow", on_day(28, 9), on_day(30, 17, 30)),  # Saturday: all of Monday
    ],
)
def test_deadlines(level: str, at: datetime, expected: datetime) -> None:
    assert deadline(level, at, zone=SHANGHAI, settings=ALERTING) == expected


def test_a_first_reading_counts_after_thirty_minutes() -> None:
    assert confirm_due(NOW, ALERTING) - NOW == timedelta(minutes=30)


@pytest.mark.parametrize(("rank", "line", "expected"), [(0, 3, 1), (2, 3, 2), (0, 1, 0), (0, 0, 0)])
def test_the_last_on_the_line_stays_asked(rank: int, line: int, expected: int) -> None:
    assert next_rank(rank, line) == expected


def test_a_mean_that_was_dealt_with_waits_a_week() -> None:
    assert not may_be_raised_again(NOW - timedelta(days=6), 7, NOW)
    assert may_be_raised_again(NOW - timedelta(days=7), 7, NOW)
    assert may_be_raised_again(NOW, 0, NOW)


@given(minutes=st.integers(0, 60 * 24 * 14), level=st.sampled_from(["red", "orange", "yellow"]))
def test_a_deadline_lies_ahead_and_a_later_start_is_not_due_earlier(
    minutes: int, level: str
) -> None:
    at = NOW + timedelta(minutes=minutes)
    due = deadline(level, at, zone=SHANGHAI, settings=ALERTING)

    assert due > at
    assert deadline(level, at + timedelta(minutes=7), zone=SHANGHAI, settings=ALERTING) >= due
