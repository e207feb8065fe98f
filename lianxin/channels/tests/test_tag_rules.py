"""What may leave as a tag, and whose change counts: over values only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.rules import tags as tag_rules
from lianxin.channels.rules.tags import Marks, MarkState, TagChange, TagStanding
from lianxin.channels.tag_words import illness_in, load_words

START = datetime(2026, 11, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


CHANGES = st.builds(TagChange, st.booleans(), st.integers(0, 5).map(at))
ILLNESSES = [
    "糖尿病",
    "2型糖 尿 病",
    "乙\u200b肝",
    "高·血·压",
    "ＨＩＶ",
    "Breast Cancer",
    "术后一周",
    "孕妈妈",
]
NEUTRAL = ["出院患者", "心内科", "7 病区", "住院病人", "VIP", "门诊", "体检中心", "线上活动"]


@pytest.mark.parametrize("name", ILLNESSES)
def test_an_illness_is_found_however_it_is_written(name: str) -> None:
    assert illness_in("出院", name)


@pytest.mark.parametrize("name", NEUTRAL)
def test_neutral_words_pass(name: str) -> None:
    assert illness_in(name) == ""


@given(st.text(max_size=8), st.sampled_from([one.word for one in load_words() if not one.allow]))
def test_no_surroundings_excuse_a_word(text: str, word: str) -> None:
    """Only the excused words themselves (病区 …) may swallow a stem, when they overlap it."""
    plain = tag_rules.flatten(f"{text}{word}{text}")
    excused = [one.word for one in load_words() if one.allow and one.word in plain]

    assert excused or illness_in(f"{text}{word}{text}")


@given(CHANGES, CHANGES)
def test_the_later_change_counts_whoever_comes_first(one: TagChange, other: TagChange) -> None:
    found = tag_rules.later_change(one, other)

    assert found == tag_rules.later_change(other, one)
    assert found.at == max(one.at, other.at)
    if one.at == other.at:
        assert found.is_on == (one.is_on and other.is_on)


def test_what_we_asked_for_is_an_echo() -> None:
    asked = MarkState(is_on=False, asked=True)

    assert tag_rules.is_echo(asked, True)
    assert tag_rules.is_echo(asked, False)
    assert not tag_rules.is_echo(MarkState(is_on=False), True)


def test_the_time_of_a_change_is_the_callbacks_else_the_looks() -> None:
    state = MarkState(is_on=True, at=at(10))

    assert tag_rules.time_of_change(state, at(12), at(20)) == at(12)
    assert tag_rules.time_of_change(state, at(9), at(20)) == at(20)  # an edit of before our mark
    assert tag_rules.time_of_change(state, None, at(20)) == at(20)


TAGS = st.integers(1, 4)
STATES = st.builds(MarkState, st.booleans(), st.none(), st.sampled_from([None, True, False]))


@given(st.dictionaries(TAGS, st.booleans()), st.dictionaries(TAGS, STATES), st.sets(TAGS))
def test_marks_make_both_sides_equal_and_add_nothing_that_is_not_allowed(
    wanted: dict[int, bool], known: dict[int, MarkState], allowed: set[int]
) -> None:
    marks = tag_rules.next_marks(wanted, known, allowed)

    expected = {tag for tag, is_on in wanted.items() if is_on and tag in allowed}
    assert allowed.issuperset(marks.add)
    # Whether or not an unanswered call was done, afterwards the provider has what is wanted.
    for was_done in (True, False):
        there = {tag for tag, one in known.items() if truth(one, was_done=was_done)}
        assert (there | set(marks.add)) - set(marks.remove) == expected
    settled = {tag: MarkState(is_on=tag in expected) for tag in {*known, *expected}}
    assert tag_rules.next_marks(wanted, settled, allowed) == Marks((), ())


def truth(state: MarkState, *, was_done: bool) -> bool:
    return state.asked if was_done and state.asked is not None else state.is_on


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, "nothing"),
        ({"state": "making", "tag_id": ""}, "make"),
        ({"seen_name": "改了"}, "rename"),
        ({"seen_name": "改了", "is_ours": False}, "nothing"),  # leaves the list at the next look
        ({"is_allowed": False, "state": "removing"}, "delete"),
        ({"is_allowed": False, "state": "removing", "tag_id": "", "was_asked": True}, "delete"),
        ({"is_allowed": False, "state": "removing", "is_ours": False}, "let_go"),
        (
            {"is_allowed": False, "state": "removing", "is_ours": False, "has_carriers": True},
            "nothing",
        ),
        ({"is_allowed": False, "state": "removed", "tag_id": ""}, "nothing"),
    ],
)
def test_the_next_step_of_a_tag(changes: dict[str, Any], step: str) -> None:
    standing: dict[str, Any] = {
        "is_allowed": True,
        "state": "ready",
        "name": "出院患者",
        "seen_name": "出院患者",
        "tag_id": "et1",
        "is_ours": True,
        "was_asked": False,
        "has_carriers": False,
    }

    assert tag_rules.next_tag_step(TagStanding(**(standing | changes))) == step
