from __future__ import annotations

from datetime import date, timedelta

import pytest

from lianxin.health.rules import averages
from lianxin.health.rules.chart import Mark, PanelPlan, Plan, draw, runs_of, thin
from lianxin.health.rules.values import Reading
from lianxin.health.rules.words import Words, show_number, tell_week
from lianxin.health.tests.shipped import SETTINGS, SHANGHAI, TEXTS, bp, full_week, on_day

LIMITS = {"systolic": 135.0, "diastolic": 85.0}
FIRST = date(2026, 11, 17)


def tell(readings: list[Reading], language: str = "zh-hans", *, has_readings: bool = True) -> Words:
    week = averages.home_mean(
        readings, last_on=date(2026, 11, 23), zone=SHANGHAI, settings=SETTINGS["home_mean"]
    )
    return tell_week(
        week,
        fields=["systolic", "diastolic"],
        limits=LIMITS,
        texts=TEXTS,
        language=language,
        variability=SETTINGS["variability"],
        settings=SETTINGS["home_mean"],
        has_readings=has_readings,
    )


def test_the_week_above_the_goal_in_words() -> None:
    words = tell(full_week(138, 86))

    assert words.headline == "7 天平均略高于目标"
    assert words.sentences == (
        "7 天平均 138/86，高于目标（低于 135/85）。",
        "早晨偏高（138/86），晚上偏高（138/86）。",
        "平均值用了 6 天 24 次读数，第 1 天不计。",
    )


def test_the_week_at_goal_in_english() -> None:
    words = tell(full_week(128, 78), "en")

    assert words.state == "at_goal"
    assert words.sentences[0] == "7-day mean 128/78, within the goal (below 135/85)."


def test_few_readings_make_no_mean() -> None:
    words = tell(full_week(150, 95, first=22, days=2))

    assert words.state == "few"
    assert "138" not in "".join(words.sentences)
    assert words.sentences == ("近 7 天有 2 天 8 次早晚读数，满 3 天 12 次才算平均。",)


def test_morning_and_evening_far_apart_are_named() -> None:
    readings = [
        bp(systolic, 80, on_day(day, hour, minute))
        for day in range(17, 24)
        for hour, systolic in ((7, 150), (20, 126))
        for minute in (0, 2)
    ]

    assert "早晚高压相差 24，超过 20。" in tell(readings).sentences


def test_nothing_measured() -> None:
    assert tell([], has_readings=False).state == "none"


def test_readings_outside_the_windows_are_few_not_none() -> None:
    words = tell([bp(138, 86, on_day(23, 11))])

    assert words.state == "few"
    assert words.sentences == ("近 7 天有 0 天 0 次早晚读数，满 3 天 12 次才算平均。",)


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [(134.4, 135, "134"), (134.9, 135, "134.9"), (135, 135, "135"), (84.96, 85, "84.9")],
)
def test_rounding_never_crosses_the_limit(value: float, limit: float, shown: str) -> None:
    assert show_number(value, limit) == shown


def mark(day: int, value: float, slot: str = "morning") -> Mark:
    numbers = {"systolic": value}
    return Mark(FIRST + timedelta(days=day), slot, numbers, numbers, numbers)


def test_a_gap_is_never_joined() -> None:
    marks = [mark(0, 130), mark(1, 132), mark(4, 128), mark(5, 129)]
    gap = (FIRST + timedelta(days=2), FIRST + timedelta(days=3))

    assert [len(run) for run in runs_of(marks, "systolic", [gap])] == [2, 2]


def test_the_picture_holds_every_value_and_names_the_gap() -> None:
    plan = Plan(
        FIRST,
        FIRST + timedelta(days=6),
        [PanelPlan("systolic", "高压", 135)],
        gap_label="{days} 天没量",
        window=(FIRST + timedelta(days=1), FIRST + timedelta(days=6)),
        dropped_on=FIRST,
    )
    gap = (FIRST + timedelta(days=2), FIRST + timedelta(days=3))
    chart = draw(plan, [mark(0, 192), mark(1, 104, "evening"), mark(4, 128)], [gap])
    (panel,) = chart.panels

    assert all(panel.box.y <= dot.y <= panel.box.y + panel.box.height for dot in panel.dots)
    assert chart.gaps[0].label == "2 天没量"
    assert chart.window is not None
    assert panel.goal is not None
    assert panel.band is not None
    assert panel.band.y + panel.band.height == pytest.approx(panel.box.y + panel.box.height)


def test_thinning_keeps_the_extremes() -> None:
    marks = [mark(day, 120 + day) for day in range(40)] + [mark(20, 210), mark(30, 80)]
    folded = thin(marks, 7)

    assert len(folded) <= 7
    assert max(m.highest["systolic"] for m in folded) == 210
    assert min(m.lowest["systolic"] for m in folded) == 80
    assert sum(m.count for m in folded) == len(marks)
