"""How sure two rows make us, and that nothing is joined over a conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.utils import translation
from django.utils.translation import gettext
from hypothesis import given
from hypothesis import strategies as st

from lianxin.patients import catalog, rules
from lianxin.patients.rules.likeness import Side, asks_again, judge

RULES = catalog.likeness_rules()
BIRTHDAY = date(1958, 3, 1)
WANG = Side(
    name=b"wang",
    phone=b"138",
    numbers=frozenset({b"ZY1"}),
    birth_on=BIRTHDAY,
    sex="female",
    own_holders=frozenset({7}),
    has_proved_phone=True,
)
NOBODY = Side()

sides = st.builds(
    Side,
    name=st.sampled_from([None, b"wang", b"li"]),
    phone=st.sampled_from([None, b"138", b"139"]),
    numbers=st.frozensets(st.sampled_from([b"ZY1", b"ZY2"]), max_size=2),
    birth_on=st.sampled_from([None, BIRTHDAY, date(1960, 1, 1)]),
    sex=st.sampled_from(["female", "male", "unknown"]),
    own_holders=st.frozensets(st.sampled_from([7, 8]), max_size=1),
    has_proved_phone=st.booleans(),
    has_shared_phone=st.booleans(),
    has_died=st.booleans(),
)


@pytest.mark.parametrize(
    ("other", "code", "confidence", "may_join"),
    [
        (replace(WANG, numbers=frozenset()), "wechat_name_birthday", "certain", True),
        (
            replace(WANG, numbers=frozenset(), own_holders=frozenset({8})),
            "proved_phone_name_birthday",
            "certain",
            True,
        ),
        (Side(numbers=WANG.numbers, name=b"wang"), "number_and_name", "certain", True),
        (Side(phone=b"138", name=b"wang"), "phone_and_name", "likely", False),
        (Side(own_holders=WANG.own_holders, name=b"wang"), "wechat_and_name", "likely", False),
        (Side(name=b"wang", birth_on=BIRTHDAY), "name_and_birthday", "possible", False),
        # Somebody's daughter who said to be the patient: two people on one WeChat.
        (Side(own_holders=WANG.own_holders, name=b"li"), "wechat_alone", "possible", False),
        # Readmitted under a new number: certain, but a person looks first.
        (replace(WANG, numbers=frozenset({b"ZY2"})), "wechat_name_birthday", "certain", False),
        (replace(WANG, birth_on=date(1960, 1, 1)), "number_and_name", "possible", False),
        (replace(WANG, sex="male"), "number_and_name", "possible", False),
        (replace(WANG, has_shared_phone=True), "number_and_name", "possible", False),
        (replace(WANG, has_died=True), "number_and_name", "possible", False),
    ],
)
def test_what_agrees_says_how_sure_we_are(
    other: Side, code: str, confidence: str, may_join: bool
) -> None:
    judged = judge(WANG, other, RULES)

    assert judged is not None
    assert (judged.code, judged.confidence, judged.may_join) == (code, confidence, may_join)


@pytest.mark.parametrize(
    "other", [NOBODY, Side(phone=b"138"), Side(name=b"wang"), Side(birth_on=BIRTHDAY)]
)
def test_a_family_phone_or_a_common_name_alone_says_nothing(other: Side) -> None:
    assert judge(WANG, other, RULES) is None


@given(sides, sides)
def test_both_directions_say_the_same_and_a_conflict_never_joins(one: Side, other: Side) -> None:
    judged = judge(one, other, RULES)

    assert judged == judge(other, one, RULES)
    if judged is None:
        return
    assert not judged.may_join or (judged.confidence == "certain" and not judged.differs)
    if RULES.capping & set(judged.differs):
        assert judged.confidence == "possible"


@given(sides, sides, st.sampled_from(["birth_on", "sex", "numbers", "name"]))
def test_knowing_less_of_one_side_never_makes_surer(one: Side, other: Side, field: str) -> None:
    order = ("possible", "likely", "certain")
    poorer = replace(one, **{field: getattr(NOBODY, field)})
    before, after = judge(one, other, RULES), judge(poorer, other, RULES)

    if after is not None and before is not None and not before.differs:
        assert order.index(after.confidence) <= order.index(before.confidence)


def test_every_code_has_words_and_every_row_asks_for_known_signals() -> None:
    known = {code for code in RULES.words if code.startswith("same_")}

    assert all(row.needs <= known for row in RULES.rows)
    assert RULES.capping <= set(RULES.words)
    assert not any(row.is_automatic for row in RULES.rows if row.confidence != "certain")
    with translation.override("en"):
        assert all(gettext(word).isascii() for word in RULES.words.values())


@given(st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc")))
def test_only_more_than_was_known_asks_again(decided: set[str], agrees: set[str]) -> None:
    assert asks_again(sorted(decided), sorted(agrees)) == bool(agrees - decided)


stops = st.builds(
    rules.Stop,
    at=st.just(None),
    reason=st.just(""),
) | st.builds(
    rules.Stop,
    at=st.datetimes(),
    reason=st.sampled_from(["death", "refusal", "transfer"]),
)


@given(stops, stops)
def test_a_stop_of_either_side_holds_and_a_death_before_all(
    kept: rules.Stop, folded: rules.Stop
) -> None:
    stop = rules.stricter_stop(kept, folded)

    assert stop in (kept, folded)
    assert (stop.at is None) == (kept.at is None and folded.at is None)
    assert stop.is_final == (kept.is_final or folded.is_final)


def test_the_better_founded_row_is_kept() -> None:
    plain, numbered = rules.Standing(1), rules.Standing(2, has_number=True)
    verified = rules.Standing(3, is_verified=True)

    assert rules.choose_kept(plain, numbered) == rules.choose_kept(numbered, plain) == 2
    assert rules.choose_kept(numbered, verified) == 3
    assert rules.choose_kept(plain, rules.Standing(4)) == 1


def test_gaps_are_filled_and_nothing_known_is_overwritten() -> None:
    kept = rules.Known(sex="female", team_id=3)
    folded = rules.Known(sex="male", birth_on=BIRTHDAY, team_id=4, risk="high")

    assert rules.fill_gaps(kept, folded) == {"birth_on": BIRTHDAY, "risk": "high"}
