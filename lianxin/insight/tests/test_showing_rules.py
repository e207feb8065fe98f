from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lianxin.insight import catalog
from lianxin.insight.rules.showing import (
    Figure,
    Period,
    before,
    is_hidden,
    judge_change,
    show_value,
    split,
)

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "figure", "shown"),
    [
        ("rate", Figure(0, 0), "—"),  # nothing is not 0 %
        ("rate", Figure(0, 40), "0.0"),
        ("rate", Figure(5920, 12814), "46.2"),
        ("minutes", Figure(0, 0), "—"),
        ("minutes", Figure(10, 12, median=6.04), "6.0"),
        ("minutes", Figure(10, 12, median=41.4), "41"),
        ("minutes", Figure(0, 12, median=None), "—"),  # asked and never answered
        ("count", Figure(0, 0), "—"),
        ("count", Figure(3, 2257), "2,257"),
    ],
)
def test_a_value_is_written_by_its_kind(kind: str, figure: Figure, shown: str) -> None:
    assert show_value(kind, figure) == shown


@pytest.mark.parametrize(("people", "hidden"), [(0, False), (1, True), (9, True), (10, False)])
def test_few_people_are_not_shown(people: int, hidden: bool) -> None:
    assert is_hidden(Figure(0, people), catalog.hidden_below()) is hidden


@pytest.mark.parametrize(
    ("now", "then", "verdict"),
    [
        (Figure(50, 100), Figure(0, 0), "no_basis"),
        (Figure(5, 20), Figure(50, 100), "too_few"),
        (Figure(50, 100), Figure(48, 100), "within_error"),
        (Figure(70, 100), Figure(40, 100), "better"),
        (Figure(40, 100), Figure(70, 100), "worse"),
        (Figure(100, 100), Figure(100, 100), "within_error"),
    ],
)
def test_a_change_is_judged_honestly(now: Figure, then: Figure, verdict: str) -> None:
    assert judge_change("rate", now, then, "up", 30) == verdict


def test_fewer_minutes_are_better_and_more_consults_are_neither() -> None:
    fast, slow = Figure(40, 50, median=6), Figure(30, 50, median=41)

    assert judge_change("minutes", fast, slow, "down", 30) == "better"
    assert judge_change("count", Figure(0, 60), Figure(0, 40), "none", 30) == "up"


def test_periods_are_half_open_and_meet() -> None:
    period = Period(START, START + timedelta(days=30))

    pieces = split(period, 10)

    assert before(period).ends == period.starts
    assert [piece.ends for piece in pieces[:-1]] == [piece.starts for piece in pieces[1:]]
    assert (pieces[0].starts, pieces[-1].ends) == (period.starts, period.ends)


def test_every_metric_has_its_statements_and_its_words() -> None:
    for code, metric in catalog.metrics().items():
        assert "select" in catalog.statement(code)
        assert "limit" in catalog.statement(f"{code}_people")
        assert metric.definition
        assert metric.covers
        assert metric.kind in {"rate", "minutes", "count"}
