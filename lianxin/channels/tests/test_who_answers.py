from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianxin.channels import rules
from lianxin.channels.rules import Answerer, CodeStanding, DutyHours, who_answers

MONDAY_TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MORNINGS = (DutyHours(0, 8 * 60, 12 * 60),)
EVENINGS = (DutyHours(0, 18 * 60, 22 * 60),)
NIGHTS = tuple(DutyHours(day, 22 * 60, 6 * 60) for day in range(7))


def person(number: int, **facts: object) -> Answerer:
    return Answerer(number, f"u{number}", f"员工 {number}", **facts)  # type: ignore[arg-type]


def ids_of(found: rules.Answering) -> list[int]:
    return [one.staff_id for one in found.members]


minutes = st.integers(0, 24 * 60 - 1)
people = st.lists(
    st.builds(
        person,
        st.integers(1, 9),
        has_left=st.booleans(),
        is_fallback=st.booleans(),
        daily_cap=st.integers(0, 3),
        hours=st.sampled_from([(), MORNINGS, EVENINGS, NIGHTS, MORNINGS + EVENINGS]),
    ),
    max_size=5,
    unique_by=lambda one: one.staff_id,
)
times = st.integers(0, 7 * 24 * 60).map(lambda minute: MONDAY_TEN + timedelta(minutes=minute))
counts = st.dictionaries(st.sampled_from([f"u{n}" for n in range(1, 10)]), st.integers(0, 4))


def has_room(one: Answerer, counts_today: dict[str, int]) -> bool:
    return not one.daily_cap or counts_today.get(one.userid, 0) < one.daily_cap


@settings(deadline=None)
@given(people, times, counts)
def test_somebody_answers_while_anybody_is_there(
    roster: list[Answerer], at: datetime, counts_today: dict[str, int]
) -> None:
    found = who_answers(roster, at, counts_today)

    assert bool(found.members) == any(not one.has_left for one in roster)
    assert (found.reason == rules.NOBODY) == (not found.members)


@settings(deadline=None)
@given(people, times, counts)
def test_nobody_who_left_answers_and_nobody_over_the_cap_unless_all_are(
    roster: list[Answerer], at: datetime, counts_today: dict[str, int]
) -> None:
    found = who_answers(roster, at, counts_today)

    assert not any(one.has_left for one in found.members)
    over = [one for one in found.members if not has_room(one, counts_today)]
    if over:
        assert found.reason == rules.OVER_CAP
        assert not any(has_room(one, counts_today) for one in roster if not one.has_left)


@settings(deadline=None)
@given(people, times, counts)
def test_who_is_on_duty_with_room_answers_and_nobody_else(
    roster: list[Answerer], at: datetime, counts_today: dict[str, int]
) -> None:
    ready = [
        one.staff_id
        for one in roster
        if not one.has_left
        and not one.is_fallback
        and one.is_on_duty(at)
        and has_room(one, counts_today)
    ]

    found = who_answers(roster, at, counts_today)

    assert (found.reason == rules.ON_DUTY) == bool(ready)
    if ready:
        assert ids_of(found) == ready


# Each example walks the whole week.
@settings(max_examples=20, deadline=None)
@given(st.builds(DutyHours, st.integers(0, 6), minutes, minutes))
def test_a_stretch_covers_as_many_minutes_of_a_week_as_it_is_long(stretch: DutyHours) -> None:
    week = [(day, minute) for day in range(7) for minute in range(1440)]

    covered = sum(stretch.cover(day, minute) for day, minute in week)

    assert covered == ((stretch.ends - stretch.starts) % 1440 or 1440)


@pytest.mark.parametrize(
    ("roster", "counts_today", "members", "reason"),
    [
        ([person(1, hours=MORNINGS), person(2, hours=EVENINGS)], {}, [1], rules.ON_DUTY),
        ([person(1), person(2)], {}, [1, 2], rules.ON_DUTY),
        # Full: the other one on duty, then the fallback, then anybody off duty.
        ([person(1, daily_cap=2), person(2)], {"u1": 2}, [2], rules.ON_DUTY),
        ([person(1, daily_cap=2), person(2, is_fallback=True)], {"u1": 2}, [2], rules.ALL_FULL),
        ([person(1, hours=EVENINGS), person(2, is_fallback=True)], {}, [2], rules.OFF_HOURS),
        ([person(1, hours=EVENINGS)], {}, [1], rules.OFF_DUTY),
        ([person(1, daily_cap=2), person(2, hours=EVENINGS)], {"u1": 2}, [2], rules.OFF_DUTY),
        # Everybody is full: who is on duty goes on.
        (
            [person(1, daily_cap=2), person(2, daily_cap=1, is_fallback=True)],
            {"u1": 2, "u2": 1},
            [1],
            rules.OVER_CAP,
        ),
        ([person(1, has_left=True)], {}, [], rules.NOBODY),
        ([], {}, [], rules.NOBODY),
    ],
)
def test_who_answers_on_monday_at_ten(
    roster: list[Answerer], counts_today: dict[str, int], members: list[int], reason: str
) -> None:
    found = who_answers(roster, MONDAY_TEN, counts_today)

    assert (ids_of(found), found.reason) == (members, reason)


def test_who_is_full_on_duty_is_named() -> None:
    found = who_answers([person(1, daily_cap=30), person(2)], MONDAY_TEN, {"u1": 30})

    assert [one.staff_id for one in found.full] == [1]


def test_a_night_runs_into_the_next_morning_and_ends_on_the_minute() -> None:
    night = DutyHours(6, 22 * 60, 6 * 60)  # Sunday night

    assert night.cover(0, 5 * 60 + 59)
    assert not night.cover(0, 6 * 60)
    assert not night.cover(6, 5 * 60)


WANTED = {"userids": ["a"], "remark": "x", "state": "s", "skip_verify": True}


@pytest.mark.parametrize(
    ("changes", "confirmed", "step"),
    [
        ({"state": "making", "config_id": ""}, {}, rules.MAKE),
        ({}, WANTED, rules.NOTHING),
        ({}, WANTED | {"userids": ["b"]}, rules.UPDATE),
        ({"is_active": False}, WANTED, rules.WITHDRAW),
        ({"is_active": False, "config_id": ""}, {}, rules.NOTHING),
        # Asked for and never answered: it may be there.
        ({"is_active": False, "config_id": "", "was_asked": True}, {}, rules.WITHDRAW),
        ({"state": "failed", "config_id": ""}, {}, rules.NOTHING),
        # An Official Account's code cannot be changed or taken back.
        ({"can_change": False}, {}, rules.NOTHING),
        ({"can_change": False, "is_active": False}, {}, rules.NOTHING),
    ],
)
def test_the_next_step_of_a_code(
    changes: dict[str, object], confirmed: dict[str, object], step: str
) -> None:
    ready: dict[str, object] = {
        "is_active": True,
        "state": "ready",
        "config_id": "c1",
        "was_asked": False,
        "can_change": True,
    }

    standing = CodeStanding(**(ready | changes))  # type: ignore[arg-type]

    assert rules.next_code_step(standing, WANTED, confirmed) == step


def test_a_code_without_anybody_is_left_as_it_is() -> None:
    standing = CodeStanding(
        is_active=True, state="ready", config_id="c1", was_asked=False, can_change=True
    )

    assert rules.next_code_step(standing, WANTED | {"userids": []}, WANTED) == rules.NOTHING


@pytest.mark.parametrize(
    ("hours_ago", "local_hour", "is_due"),
    [(1, 3, False), (23, 3, True), (23, 12, False), (48, 12, True)],
)
def test_the_provider_is_read_at_night(*, hours_ago: int, local_hour: int, is_due: bool) -> None:
    read_at = MONDAY_TEN - timedelta(hours=hours_ago)

    found = rules.is_reading_due(read_at, MONDAY_TEN, local_hour, every=timedelta(days=1), hour=3)

    assert found == is_due
