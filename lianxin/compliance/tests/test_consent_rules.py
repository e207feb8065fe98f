from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lianxin.compliance import catalogue
from lianxin.compliance.rules.consent import (
    Answer,
    Decision,
    Purpose,
    decision_after,
    granted_now,
    may_ask,
)
from lianxin.compliance.rules.guard import find_findings

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def answer(purpose: str, decision: Decision, hours: int = 0, order: int = 0) -> Answer:
    return Answer(purpose, decision, NOON + timedelta(hours=hours), order)


@pytest.mark.parametrize(
    ("answers", "granted"),
    [
        ([], set()),  # unanswered counts as no
        ([answer("reminders", "granted")], {"reminders"}),
        ([answer("reminders", "refused")], set()),
        ([answer("reminders", "granted"), answer("reminders", "withdrawn", 1)], set()),
        ([answer("reminders", "withdrawn"), answer("reminders", "granted", 1)], {"reminders"}),
        # The rows may come in any order; the moment decides.
        ([answer("reminders", "withdrawn", 1), answer("reminders", "granted")], set()),
        # Two taps within one instant: the later row decides.
        ([answer("sms_phone", "granted", 0, 1), answer("sms_phone", "withdrawn", 0, 2)], set()),
        ([answer("reminders", "granted"), answer("marketing", "refused")], {"reminders"}),
    ],
)
def test_the_last_answer_counts(answers: list[Answer], granted: set[str]) -> None:
    assert granted_now(answers) == granted


@pytest.mark.parametrize(
    ("given", "days", "may"),
    [
        (None, 0, True),
        (answer("marketing", "refused"), 89, False),
        (answer("marketing", "refused"), 90, True),
        (answer("marketing", "withdrawn"), 10, False),
        (answer("marketing", "granted"), 400, False),
    ],
)
def test_a_refusal_is_not_asked_away(given: Answer | None, days: int, may: bool) -> None:
    assert may_ask(given, NOON + timedelta(days=days)) is may


@pytest.mark.parametrize(
    ("granted", "was_granted", "decision"),
    [
        (True, False, "granted"),
        (True, True, "granted"),
        (False, False, "refused"),
        (False, True, "withdrawn"),
    ],
)
def test_a_no_after_a_yes_is_a_withdrawal(
    granted: bool, was_granted: bool, decision: Decision
) -> None:
    assert decision_after(granted=granted, was_granted=was_granted) == decision


def test_the_purposes_are_separate_and_asked_in_both_languages() -> None:
    purposes = {purpose.code: purpose for purpose in catalogue.purposes()}

    assert {"health_records", "reminders", "sms_phone", "marketing", "research"} <= set(purposes)
    assert not purposes["research"].is_asked_first
    for purpose in purposes.values():
        chinese, english = purpose.words("zh-hans"), purpose.words("en")
        assert chinese.refusal.startswith("不同意")
        assert english.refusal.startswith("If no")
        assert chinese.text_hash() != english.text_hash()
        assert purpose.words("fr") == chinese


@pytest.mark.parametrize("purpose", catalogue.purposes(), ids=lambda purpose: purpose.code)
def test_the_questions_themselves_promise_nothing(purpose: Purpose) -> None:
    for language in catalogue.LANGUAGES:
        shown = purpose.words(language).shown()
        assert find_findings(shown, catalogue.phrases(), "notice") == []
