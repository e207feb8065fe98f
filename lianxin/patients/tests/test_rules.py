from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.core.phone import is_mobile, normalise_phone
from lianxin.patients import rules
from lianxin.patients.rules import CodeFacts, HoldingFacts

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "masked"), [("ZY20261107086", "****7086"), ("A123", "****"), ("", "")]
)
def test_inpatient_numbers_are_masked(number: str, masked: str) -> None:
    assert rules.mask_number(number) == masked


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("138 1234 1234", "13812341234"),
        ("+86 138-1234-1234", "13812341234"),
        ("0086 13812341234", "13812341234"),
        ("8613812341234", "13812341234"),
        ("１３８１２３４１２３４", "13812341234"),
        ("(010) 5550 0188", "01055500188"),
        ("+49 171 2345678", "+491712345678"),
        ("0049 171 2345678", "+491712345678"),
        ("12812341234", None),  # no such mobile prefix
        ("1381234123", None),
        ("call me", None),
        ("", None),
    ],
)
def test_a_phone_has_one_form(typed: str, phone: str | None) -> None:
    assert normalise_phone(typed) == phone


def test_only_mobiles_take_text_messages() -> None:
    assert is_mobile("13812341234")
    assert not is_mobile("01055500188")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("zy 2026 1107 086", "ZY20261107086"),
        ("ＺＹ－２０２６", "ZY2026"),
        ("2026/0042-1", "202600421"),
        ("AB1", None),  # too short to be one
        ("A" * 25, None),
        ("住院号", None),
        ("", None),
    ],
)
def test_an_inpatient_number_has_one_form(typed: str, number: str | None) -> None:
    assert rules.normalise_inpatient(typed) == number


@pytest.mark.parametrize(
    ("one", "other"),
    [("张 桂兰", "张桂兰"), ("Anna Smith", "ANNA  SMITH"), ("买买提•艾力", "买买提·艾力")],
)
def test_names_compare_alike(one: str, other: str) -> None:
    assert rules.normalise_name(one) == rules.normalise_name(other)


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    phone, number = normalise_phone(text), rules.normalise_inpatient(text)

    assert phone is None or normalise_phone(phone) == phone
    assert number is None or rules.normalise_inpatient(number) == number


@pytest.mark.parametrize(
    ("typed", "code"),
    [("508 312", "508312"), ("５０８３１２", "508312"), ("50831", None), ("abcdef", None)],
)
def test_codes_forgive_blanks(typed: str, code: str | None) -> None:
    assert rules.normalise_code(typed) == code


CODE = CodeFacts(expires_at=NOON + timedelta(minutes=10), attempts=0)


@pytest.mark.parametrize(
    ("code", "minutes", "may"),
    [
        (None, 0, False),
        (CODE, 0, True),
        (CODE, 9, True),
        (CODE, 10, False),  # ten minutes are over
        (replace(CODE, attempts=4), 0, True),
        (replace(CODE, attempts=5), 0, False),  # five tries are used up
        (replace(CODE, is_used=True), 0, False),
    ],
)
def test_a_code_lives_ten_minutes_and_five_tries(
    code: CodeFacts | None, minutes: int, may: bool
) -> None:
    assert rules.may_try_code(code, NOON + timedelta(minutes=minutes)) is may


@pytest.mark.parametrize(
    ("asked_seconds_ago", "wait"),
    [
        ([], None),
        ([61], None),
        ([20], 40),
        ([7200, 61], None),
        ([5 * 3600, 4 * 3600, 3 * 3600, 2 * 3600, 3600], 19 * 3600),
        ([90_000, 4 * 3600, 3 * 3600, 2 * 3600, 3600], None),  # yesterday's does not count
    ],
)
def test_codes_are_not_sent_without_end(asked_seconds_ago: list[int], wait: int | None) -> None:
    asked_at = [NOON - timedelta(seconds=seconds) for seconds in asked_seconds_ago]
    expected = None if wait is None else timedelta(seconds=wait)

    assert rules.may_ask_code(asked_at, NOON) == expected


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(1958, 3, 1), date(2026, 2, 28), 67),
        (date(1958, 3, 1), date(2026, 3, 1), 68),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2026, 3, 2), date(2026, 3, 1), None),
        (None, date(2026, 3, 1), None),
    ],
)
def test_age(born: date | None, today: date, age: int | None) -> None:
    assert rules.age_on(born, today) == age


HOLDING = HoldingFacts(
    relation="self",
    state="verified",
    verified_on=date(2026, 1, 5),
    patient_state="active",
    birth_on=date(1958, 3, 1),
)
CHILD = replace(HOLDING, relation="family", birth_on=date(2010, 6, 1))


@pytest.mark.parametrize(
    ("holding", "today", "answer"),
    [
        (HOLDING, date(2026, 3, 1), "yes"),
        (replace(HOLDING, relation="carer"), date(2026, 3, 1), "yes"),
        (replace(HOLDING, birth_on=None), date(2026, 3, 1), "yes"),
        (replace(HOLDING, state="pending", verified_on=None), date(2026, 3, 1), "not_verified"),
        (replace(HOLDING, state="ended"), date(2026, 3, 1), "not_verified"),
        (replace(HOLDING, patient_state="restricted"), date(2026, 3, 1), "closed"),
        (replace(HOLDING, patient_state="merged"), date(2026, 3, 1), "closed"),
        (replace(HOLDING, birth_on=date(2013, 6, 1)), date(2026, 3, 1), "too_young"),
        (CHILD, date(2028, 5, 31), "yes"),
        (CHILD, date(2028, 6, 1), "guardian_ended"),  # the eighteenth birthday
        # The grown-up child let the mother in again.
        (replace(CHILD, verified_on=date(2028, 6, 2)), date(2028, 6, 3), "yes"),
    ],
)
def test_who_may_see_health_data(holding: HoldingFacts, today: date, answer: str) -> None:
    assert rules.may_hold(holding, today) == answer


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("/p/log/", "/p/log/"),
        ("/p/read/abc/?d=x", "/p/read/abc/?d=x"),
        ("//evil.example/p/", "/p/"),
        ("https://evil.example/", "/p/"),
        ("/patients/", "/p/"),
        ("/p/../patients/", "/p/"),
        ("/p/\\evil", "/p/"),
        ("/p/enter/abc/", "/p/"),  # would go round for ever
        ("", "/p/"),
    ],
)
def test_a_phone_is_sent_to_our_own_pages_only(path: str, safe: str) -> None:
    assert rules.safe_portal_path(path) == safe


def test_after_a_death_no_tap_starts_anything_again() -> None:
    assert not rules.may_resume("death")
    assert rules.may_resume("readmission")
