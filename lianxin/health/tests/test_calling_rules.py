from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lianxin.health.rules.calling import Calling, Placed, whom_to_call

OPENED = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CALLING = Calling({"red": 5}, again_after_minutes=10, rounds=2, key_wait_seconds=10)


def whom(placed: list[Placed], line: list[int], minutes: float, level: str = "red") -> int | None:
    now = OPENED + timedelta(minutes=minutes)
    return whom_to_call(CALLING, placed, line, level=level, opened_at=OPENED, now=now)


def over(staff_id: int, minutes: float, *, answered: bool = False) -> Placed:
    at = OPENED + timedelta(minutes=minutes)
    return Placed(staff_id, at, ended_at=at + timedelta(seconds=30), is_answered=answered)


def test_it_rings_after_the_rows_minutes_and_only_for_the_rows_levels() -> None:
    assert whom([], [1, 2], 4.9) is None
    assert whom([], [1, 2], 5) == 1
    assert whom([], [1, 2], 500, level="orange") is None
    assert whom([], [], 5) is None


def test_the_next_is_rung_when_a_call_is_over() -> None:
    still = Placed(1, OPENED + timedelta(minutes=5))
    assert whom([still], [1, 2], 6) is None
    assert whom([over(1, 5)], [1, 2], 6) == 2


def test_a_key_may_be_told_after_the_call() -> None:
    assert whom([over(1, 5, answered=True)], [1, 2], 5.6) is None
    assert whom([over(1, 5, answered=True)], [1, 2], 5.7) == 2


def test_after_the_last_one_it_pauses_and_starts_again_and_then_ends() -> None:
    first = [over(1, 5), over(2, 6)]
    assert whom(first, [1, 2], 15) is None
    assert whom(first, [1, 2], 16) == 1
    second = [*first, over(1, 16), over(2, 17)]
    assert whom(second, [1, 2], 100) is None


def test_somebody_new_on_the_line_is_rung_before_anybody_twice() -> None:
    assert whom([over(1, 5), over(2, 6)], [1, 3, 2], 7) == 3


@given(st.lists(st.integers(1, 4), unique=True, max_size=4), st.integers(1, 3), st.integers(0, 30))
def test_everybody_is_rung_at_most_so_often(line: list[int], rounds: int, pause: int) -> None:
    calling = Calling({"red": 0}, pause, rounds, key_wait_seconds=0)
    placed: list[Placed] = []
    for minute in range(0, 400, 5):
        now = OPENED + timedelta(minutes=minute)
        chosen = whom_to_call(calling, placed, line, level="red", opened_at=OPENED, now=now)
        if chosen is not None:
            placed.append(Placed(chosen, now, ended_at=now))

    assert sorted(call.staff_id for call in placed) == sorted(line * rounds)
