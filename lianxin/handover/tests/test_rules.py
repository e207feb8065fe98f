"""Who takes whom, and where a contact stands."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.handover import rules
from lianxin.handover.rules import Taker, is_finished, propose, standing_of

CARDIOLOGY, SURGERY = 1, 2


def test_the_own_department_takes_first_and_who_has_fewest_gets_most() -> None:
    takers = [Taker(1, CARDIOLOGY, 5), Taker(2, CARDIOLOGY, 3), Taker(3, SURGERY, 0)]

    found = propose([10, 11, 12, 13], takers, department_id=CARDIOLOGY, most_each=0)

    assert Counter(found.values()) == {2: 3, 1: 1}


def test_over_the_limit_others_help_and_then_nobody_does() -> None:
    takers = [Taker(1, CARDIOLOGY, 0), Taker(3, SURGERY, 0)]

    found = propose([10, 11, 12], takers, department_id=CARDIOLOGY, most_each=1)

    assert found == {10: 1, 11: 3}  # the third has nobody, and the page says so


@given(
    count=st.integers(0, 40),
    takers=st.lists(st.tuples(st.sampled_from([1, 2, None]), st.integers(0, 9)), max_size=5),
    most=st.integers(0, 12),
)
def test_nobody_is_given_twice_or_over_the_limit_and_nobody_is_left_out_for_nothing(
    count: int, takers: list[tuple[int | None, int]], most: int
) -> None:
    people = [Taker(number, *one) for number, one in enumerate(takers, start=1)]

    found = propose(range(count), people, department_id=1, most_each=most)

    shares = Counter(found.values())
    assert set(found) <= set(range(count))
    assert all(not most or share <= most for share in shares.values())
    room = count if people and not most else most * len(people)
    assert len(found) == min(count, room)


@pytest.mark.parametrize(
    ("has_taker", "transfer_state", "is_contact", "is_same", "expected"),
    [
        (False, "", True, True, rules.NOBODY),
        (True, "", True, True, rules.PROPOSED),
        (True, "planned", True, True, rules.PLANNED),
        (True, "waiting", True, True, rules.WAITING),
        (True, "done", False, True, rules.DONE),
        (True, "refused", True, True, rules.REFUSED),
        (True, "refused", True, False, rules.PROPOSED),  # another colleague was chosen since
        (False, "full", True, False, rules.NOBODY),
        (True, "cancelled", True, True, rules.PROPOSED),
        (True, "", False, True, rules.GONE),
    ],
)
def test_where_a_contact_stands(
    has_taker: bool, transfer_state: str, is_contact: bool, is_same: bool, expected: str
) -> None:
    standing = standing_of(
        has_taker=has_taker,
        transfer_state=transfer_state,
        is_contact=is_contact,
        is_same_taker=is_same,
    )

    assert standing == expected


def test_finished_is_when_nobody_waits() -> None:
    assert is_finished([])
    assert is_finished([rules.DONE, rules.GONE])
    assert not is_finished([rules.DONE, rules.REFUSED])
