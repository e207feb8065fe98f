"""Where a transfer comes to: every answer of the provider ends in a state with a next look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.rules.transfers import Answer, Step, Times, read_asked, read_result

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIMES = Times(decides=24 * HOUR, again=HOUR, gives_up=72 * HOUR)
OK = Answer(is_ok=True, is_temporary=False, reason="")
BUSY = Answer(is_ok=False, is_temporary=True, reason="provider_busy")
NO = Answer(is_ok=False, is_temporary=False, reason="not_a_contact")


@pytest.mark.parametrize(
    ("answer", "was_asked", "expected"),
    [
        (OK, False, Step("waiting", "", NOW + 24 * HOUR)),
        (OK, True, Step("waiting", "", NOW + 24 * HOUR)),
        (BUSY, False, Step("planned", "provider_busy", NOW + HOUR)),
        (NO, False, Step("failed", "not_a_contact", None)),
        # Nobody heard the first answer: it may have begun, the results tell.
        (NO, True, Step("waiting", "", NOW)),
    ],
)
def test_what_an_answer_to_the_asking_means(
    answer: Answer, was_asked: bool, expected: Step
) -> None:
    assert read_asked(answer, NOW, TIMES, was_asked=was_asked) == expected


@pytest.mark.parametrize(
    ("status", "age", "expected"),
    [
        (1, 0, Step("done", "", None)),
        (3, 30, Step("refused", "", None)),
        (4, 30, Step("full", "", None)),
        (2, 2, Step("waiting", "", NOW + 22 * HOUR)),
        (2, 30, Step("waiting", "", NOW + HOUR)),
        (None, 1, Step("waiting", "", NOW + HOUR)),
        (5, 1, Step("waiting", "", NOW + HOUR)),  # only in older documents
        (None, 72, Step("failed", "transfer_unknown", None)),
        (2, 80, Step("failed", "transfer_unknown", None)),
    ],
)
def test_what_a_result_means(status: int | None, age: int, expected: Step) -> None:
    assert read_result(status, NOW, NOW - age * HOUR, TIMES) == expected


@given(status=st.none() | st.integers(-5, 20), age=st.integers(0, 200))
def test_what_is_open_is_looked_at_again_and_nothing_stays_open_for_ever(
    status: int | None, age: int
) -> None:
    step = read_result(status, NOW, NOW - age * HOUR, TIMES)

    assert (step.due_at is None) == (step.state != "waiting")
    assert step.due_at is None or step.due_at > NOW
    assert age < 72 or step.state != "waiting"
