from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.health.rules.plausibility import Verdict, judge_values
from lianxin.health.tests.shipped import METRICS


def judge(metric: str, values: dict[str, float], last: dict[str, float] | None = None) -> Verdict:
    body: Any = METRICS[metric]
    return judge_values(body["fields"], body.get("orders", []), values, last)


@pytest.mark.parametrize(
    ("systolic", "diastolic", "state", "hint"),
    [
        (138, 86, "ok", None),
        (50, 20, "ok", None),  # the lowest that the gate lets in
        (300, 200, "ok", None),
        (86, 138, "check", "swap"),
        (1380, 86, "check", "typo"),  # one digit too many
        (18, 86, "check", "typo"),  # one digit short
        (90, 85, "check", "close"),  # not more than 10 apart
        (90, 80, "check", "close"),  # exactly 10 apart is not enough
        (91, 80, "ok", None),
        (138, 2500, "refuse", "range"),
        (9999, 86, "refuse", "range"),
        (0, 86, "refuse", "range"),
    ],
)
def test_blood_pressure_gate(systolic: float, diastolic: float, state: str, hint: str) -> None:
    verdict = judge("bp", {"systolic": systolic, "diastolic": diastolic})

    assert verdict.state == state
    assert (verdict.hints[0].code if verdict.hints else None) == hint


def test_a_swap_is_offered_and_not_done() -> None:
    verdict = judge("bp", {"systolic": 86, "diastolic": 138})

    assert verdict.hints[0].values == {"systolic": 138, "diastolic": 86}
    assert verdict.values == {"systolic": 86, "diastolic": 138}
    assert not verdict.may_insist


def test_close_numbers_may_be_kept_after_looking_again() -> None:
    assert judge("bp", {"systolic": 95, "diastolic": 88}).may_insist


def test_glucose_in_the_other_unit_is_asked_about() -> None:
    verdict = judge("glucose", {"glucose": 126})

    assert (verdict.state, verdict.hints[0].code, verdict.hints[0].values) == (
        "check",
        "unit",
        None,
    )


def test_a_weight_that_jumps_is_asked_about() -> None:
    assert judge("weight", {"weight": 80}, {"weight": 66}).hints[0].code == "change"
    assert judge("weight", {"weight": 70}, {"weight": 66}).state == "ok"


def test_a_missing_number_is_refused_by_name() -> None:
    verdict = judge("bp", {"systolic": 138})

    assert [(hint.code, hint.field) for hint in verdict.hints] == [("missing", "diastolic")]


@given(
    systolic=st.floats(-10_000, 10_000, allow_nan=False),
    diastolic=st.floats(-10_000, 10_000, allow_nan=False),
)
def test_what_passes_lies_within_the_gate(systolic: float, diastolic: float) -> None:
    verdict = judge("bp", {"systolic": systolic, "diastolic": diastolic})

    if verdict.state == "ok" or verdict.may_insist:
        assert 50 <= verdict.values["systolic"] <= 300
        assert 20 <= verdict.values["diastolic"] <= 200
        assert verdict.values["systolic"] > verdict.values["diastolic"]
