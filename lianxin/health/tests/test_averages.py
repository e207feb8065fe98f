from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.health.rules import averages
from lianxin.health.rules.averages import HomeMean
from lianxin.health.rules.values import Reading
from lianxin.health.tests.shipped import NOW, SETTINGS, SHANGHAI, bp, full_week, on_day

LAST = date(2026, 11, 23)


def week(readings: list[Reading], last_on: date = LAST) -> HomeMean:
    return averages.home_mean(
        readings, last_on=last_on, zone=SHANGHAI, settings=SETTINGS["home_mean"]
    )


def test_a_full_week_uses_the_last_24_of_28_readings() -> None:
    first_day = full_week(160, 100, first=17, days=1)
    found = week([*first_day, *full_week(130, 80, first=18, days=6)])

    assert (found.counted, found.used, found.days, found.used_days) == (28, 24, 7, 6)
    assert found.values == {"systolic": 130, "diastolic": 80}
    assert found.dropped_on == date(2026, 11, 17)
    assert found.is_valid
    assert not found.is_provisional


@pytest.mark.parametrize(
    ("days", "hours", "counted", "is_valid", "is_provisional"),
    [
        (3, (7, 20), 12, True, True),  # 12 before the drop is valid, 8 used is provisional
        (2, (7, 20), 8, False, True),
        (6, (7,), 12, True, True),  # 12 counted, 10 used
        (7, (7,), 14, True, False),  # 14 counted, 12 used
        (5, (7,), 10, False, True),
    ],
)
def test_validity_counts_before_the_first_day_is_dropped(
    days: int, hours: tuple[int, ...], counted: int, is_valid: bool, is_provisional: bool
) -> None:
    readings = [
        bp(130, 80, on_day(23 - offset, hour, minute))
        for offset in range(days)
        for hour in hours
        for minute in (0, 2)
    ]
    found = week(readings)

    assert (found.counted, found.is_valid, found.is_provisional) == (
        counted,
        is_valid,
        is_provisional,
    )


def test_noon_readings_and_readings_within_a_minute_do_not_count() -> None:
    noon = bp(200, 120, on_day(20, 13))
    again = bp(200, 120, NOW.replace(day=20, hour=12, minute=2, second=30))
    found = week([*full_week(), noon, again])

    assert found.counted == 28
    assert found.values["systolic"] == 130


def test_the_first_measured_day_is_dropped_even_when_the_week_began_empty() -> None:
    found = week(full_week(first=19, days=5))

    assert found.dropped_on == date(2026, 11, 19)
    assert found.used == 16


def test_the_week_ends_today_only_after_the_evening_reading() -> None:
    today = date(2026, 11, 24)
    morning = [bp(130, 80, on_day(24, 7))]

    assert averages.week_end(morning, today=today, zone=SHANGHAI) == LAST
    assert (
        averages.week_end([*morning, bp(130, 80, on_day(24, 20))], today=today, zone=SHANGHAI)
        == today
    )


def test_morning_and_evening_means_and_their_difference() -> None:
    readings = [
        bp(systolic, 80, on_day(day, hour, minute))
        for day in range(17, 24)
        for hour, systolic in ((7, 150), (20, 126))
        for minute in (0, 2)
    ]
    found = week(readings)

    assert (found.morning["systolic"], found.evening["systolic"]) == (150, 126)
    assert averages.difference(found, "systolic") == 24


def test_spread_of_daily_means() -> None:
    readings = [
        bp(value, 80, on_day(17 + i, 7)) for i, value in enumerate((130, 140, 130, 140, 130))
    ]
    found = averages.variability(readings, "systolic", zone=SHANGHAI, least_days=5)

    assert found.deviation == pytest.approx(5.477, abs=0.001)
    assert found.variation_percent == pytest.approx(4.088, abs=0.001)
    assert found.step == 10
    assert (
        averages.variability(readings[:4], "systolic", zone=SHANGHAI, least_days=5).deviation
        is None
    )


def test_gaps_are_runs_of_days_without_a_reading() -> None:
    days = [date(2026, 11, 18), date(2026, 11, 21)]

    assert averages.gaps(days, first_on=date(2026, 11, 17), last_on=LAST) == [
        (date(2026, 11, 17), date(2026, 11, 17)),
        (date(2026, 11, 19), date(2026, 11, 20)),
        (date(2026, 11, 22), LAST),
    ]


numbers = st.lists(
    st.tuples(st.integers(10, 27), st.integers(0, 23), st.integers(0, 59), st.integers(90, 200)),
    max_size=60,
)


@given(rows=numbers)
def test_a_mean_lies_between_its_extremes_and_never_uses_more_than_it_counted(
    rows: list[tuple[int, int, int, int]],
) -> None:
    found = week([bp(value, 80, on_day(day, hour, minute)) for day, hour, minute, value in rows])

    assert found.used <= found.counted <= len(rows)
    assert found.used_days <= max(found.days - 1, 0) or not found.days
    if found.values:
        values = [value for *_, value in rows]
        assert min(values) <= found.values["systolic"] <= max(values)
    if found.is_valid:
        assert found.days >= 3
        assert found.counted >= 12
