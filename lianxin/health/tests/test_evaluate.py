from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.health.rules.condition import check_condition
from lianxin.health.rules.evaluate import SCOPES, Situation, goal_limits
from lianxin.health.rules.values import Person, Reading, level_rank
from lianxin.health.tests.shipped import (
    NOW,
    RULES,
    SHANGHAI,
    bp,
    findings,
    full_week,
    on_day,
    spoken,
)


@pytest.mark.parametrize(
    ("systolic", "diastolic", "expected"),
    [
        (179, 109, {}),
        (180, 80, {"BP-04": "red"}),
        (120, 110, {"BP-04": "red"}),
        (185, 125, {"BP-04": "red"}),  # BP-04 is stricter and speaks before BP-06
        (90, 60, {"BP-07": "orange"}),
        (91, 60, {}),
        (138, 86, {}),
    ],
)
def test_one_reading(systolic: float, diastolic: float, expected: dict[str, str]) -> None:
    found = findings(bp(systolic, diastolic))

    assert spoken(found) == expected
    assert all(finding.waits and not finding.call_120 for finding in found)


@pytest.mark.parametrize(
    ("reading", "symptoms", "expected"),
    [
        (bp(185, 112), {"chest_pain"}, {"BP-05": "red"}),
        (bp(185, 112), {"unsure"}, {"BP-05": "red"}),  # not sure counts as urgent
        (bp(88, 60), {"dizzy"}, {"BP-07": "red"}),
        (None, {"chest_pain"}, {"SY-01": "red"}),  # also when the number was refused
    ],
)
def test_a_symptom_needs_no_second_reading(
    reading: Reading | None, symptoms: set[str], expected: dict[str, str]
) -> None:
    found = findings(reading, symptoms=symptoms)

    assert spoken(found) == expected
    assert all(f.call_120 and not f.waits for f in found)


def test_no_symptom_leaves_the_wait_standing() -> None:
    (found,) = findings(bp(185, 112), symptoms=set())

    assert found.waits
    assert not found.call_120


def test_two_readings_of_one_sitting_at_grade_two() -> None:
    first = bp(165, 95, NOW - timedelta(minutes=5))

    assert spoken(findings(bp(161, 95), history=[first])) == {"BP-03": "orange"}
    assert spoken(findings(bp(159, 95), history=[first])) == {}
    assert spoken(findings(bp(165, 95), history=[bp(165, 95, NOW - timedelta(hours=3))])) == {}


def test_grade_two_says_nothing_beside_a_crisis() -> None:
    first = bp(185, 112, NOW - timedelta(minutes=5))

    assert spoken(findings(bp(186, 111), history=[first])) == {"BP-04": "red"}


def test_three_days_at_grade_two() -> None:
    days = [bp(162, 90, on_day(day, 7)) for day in (22, 23)]

    assert spoken(findings(bp(163, 90), history=days)) == {"BP-03": "orange"}


@pytest.mark.parametrize(
    ("systolic", "diastolic", "flags", "expected"),
    [
        (134.9, 84.9, set(), {}),
        (135, 80, set(), {"BP-01": "yellow"}),
        (120, 85, set(), {"BP-01": "yellow"}),
        (131, 75, set(), {}),
        (131, 75, {"diabetes"}, {"BP-02": "yellow"}),
        (131, 75, None, {"BP-02": "yellow"}),  # nobody has said: the stricter row
    ],
)
def test_the_weekly_mean(
    systolic: float, diastolic: float, flags: set[str] | None, expected: dict[str, str]
) -> None:
    week = full_week(systolic, diastolic, first=17)

    found = findings(bp(120, 70, on_day(24, 12)), history=week, flags=flags)

    assert spoken(found) == expected


def test_a_week_with_too_few_readings_says_nothing() -> None:
    assert findings(bp(120, 70, on_day(24, 12)), history=full_week(150, 95, first=22, days=2)) == []


def test_morning_high_and_evening_fine() -> None:
    week = [
        bp(systolic, 80, on_day(day, hour, minute))
        for day in range(17, 24)
        for hour, systolic in ((7, 138), (20, 126))
        for minute in (0, 2)
    ]

    assert spoken(findings(bp(120, 70, on_day(24, 12)), history=week)) == {"BP-11": "yellow"}


def test_swings_are_off_until_a_doctor_sets_a_limit() -> None:
    week = [
        bp(systolic, 75, on_day(day, hour, minute))
        for day in range(17, 24)
        for hour, systolic in ((7, 134), (20, 110))
        for minute in (0, 2)
    ]
    noon = bp(120, 70, on_day(24, 12))

    assert findings(noon, history=week) == []
    assert spoken(findings(noon, history=week, overrides={"BP-13": {}})) == {"BP-13": "yellow"}
    assert findings(noon, history=week, overrides={"BP-13": {"difference": 30}}) == []


def test_a_doctors_own_limit_replaces_the_rows_number() -> None:
    assert spoken(findings(bp(172, 80), overrides={"BP-04": {"systolic": 170}})) == {"BP-04": "red"}


@pytest.mark.parametrize(("days", "level"), [(2, None), (3, "blue"), (6, "blue"), (7, "yellow")])
def test_silence_grows_louder(days: int, level: str | None) -> None:
    assert spoken(findings(None, silent_days=days)).get("BP-12") == level


def test_adult_rows_do_not_speak_about_a_child_but_symptoms_do() -> None:
    assert findings(bp(185, 112), age=12) == []
    assert spoken(findings(None, symptoms={"faint"}, age=12)) == {"SY-01": "red"}
    assert spoken(findings(bp(185, 112), age=None)) == {"BP-04": "red"}


def test_an_old_value_is_at_most_yellow() -> None:
    (found,) = findings(bp(195, 120, NOW - timedelta(hours=25)))

    assert (found.level, found.waits, found.call_120) == ("yellow", False, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3.9, {}), (3.8, {"GL-01": "orange"}), (3.0, {"GL-01": "orange"}), (2.9, {"GL-02": "red"}),
     (16.6, {}), (16.7, {"GL-07": "red"})],
)  # fmt: skip
def test_glucose(value: float, expected: dict[str, str]) -> None:
    assert spoken(findings(Reading(NOW, {"glucose": value}), metric="glucose")) == expected


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_shipped_row_can_be_evaluated(rule: object) -> None:
    assert rule in RULES
    for row in RULES:
        assert row.scope in SCOPES
        if "when" in row.body:
            check_condition(row.body["when"])


def test_the_goal_is_the_strictest_row_that_applies() -> None:
    def goal(flags: frozenset[str] | None) -> dict[str, float]:
        return dict(goal_limits(RULES, Situation("bp", Person(68, flags), None, (), NOW, SHANGHAI)))

    assert goal(frozenset()) == {"systolic": 135, "diastolic": 85}
    assert goal(frozenset({"stroke"})) == {"systolic": 130, "diastolic": 80}
    assert goal(None) == {"systolic": 130, "diastolic": 80}


codes = st.sets(st.sampled_from(["chest_pain", "speech", "unsure", "dizzy"]))


def loudest(reading: Reading, symptoms: set[str] | None, flags: set[str] | None) -> int:
    found = findings(reading, symptoms=symptoms, flags=flags)
    return max((level_rank(f.level) for f in found), default=-1)


@given(systolic=st.integers(95, 300), diastolic=st.integers(20, 200), ticks=codes)
def test_symptoms_and_unknowns_never_lower_the_level(
    systolic: int, diastolic: int, ticks: set[str]
) -> None:
    reading = bp(systolic, diastolic)
    plain = loudest(reading, None, set())

    assert loudest(reading, ticks, set()) >= plain
    assert loudest(reading, None, None) >= plain


@given(systolic=st.integers(91, 290), diastolic=st.integers(20, 190), rise=st.integers(0, 10))
def test_a_higher_pressure_is_never_a_lower_level(systolic: int, diastolic: int, rise: int) -> None:
    assert loudest(bp(systolic + rise, diastolic + rise), None, set()) >= loudest(
        bp(systolic, diastolic), None, set()
    )


@given(hours=st.integers(25, 200), systolic=st.integers(50, 300), diastolic=st.integers(20, 200))
def test_nothing_old_is_red(hours: int, systolic: int, diastolic: int) -> None:
    found = findings(bp(systolic, diastolic, NOW - timedelta(hours=hours)))

    assert all(level_rank(f.level) <= level_rank("yellow") for f in found)
