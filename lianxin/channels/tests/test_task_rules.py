from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.rules import PastReminder, count_reminders_left, outcome_of

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
DAY = timedelta(hours=24)

ages = st.integers(0, 3 * 24 * 3600).map(lambda seconds: NOON - timedelta(seconds=seconds))
reasons = st.sampled_from(["", "outcome_unknown", "reminders_used_up", "task_cancelled"])
pasts = st.lists(st.builds(PastReminder, ages, reasons), max_size=8)


@given(pasts)
def test_never_more_reminders_than_the_provider_allows(past: list[PastReminder]) -> None:
    left = count_reminders_left(past, NOON, most=3, period=DAY)

    assert 0 <= left <= 3
    recent = [one for one in past if NOON - one.asked_at < DAY]
    told = [one for one in recent if one.reason in {"", "outcome_unknown"}]
    assert left + len(told) <= max(3, len(told))


@given(pasts)
def test_one_more_reminder_never_leaves_more(past: list[PastReminder]) -> None:
    left = count_reminders_left(past, NOON, most=3, period=DAY)
    after = count_reminders_left([*past, PastReminder(NOON)], NOON, most=3, period=DAY)

    assert after == max(0, left - 1)


@given(pasts)
def test_a_day_later_all_are_back(past: list[PastReminder]) -> None:
    assert count_reminders_left(past, NOON + DAY, most=3, period=DAY) == 3


def test_a_status_nobody_knows_settles_nothing() -> None:
    assert [outcome_of(status) for status in (0, 1, 2, 3, 7)] == [
        "",
        "sent",
        "not_a_contact",
        "quota_full",
        "",
    ]
