"""What an event about a group's members does, whatever is lost, late or told twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import group_kit
from lianxin.channels.rules import groups as rules
from lianxin.channels.rules.groups import JoinStanding, MemberChange, NoticePart

PEOPLE = [f"wm{'x' * 29}{n}" for n in range(5)]


def history(toggles: list[int]) -> list[tuple[MemberChange, set[str]]]:
    """Return the events that the provider would tell, and who is in the group after each."""
    present: set[str] = set()
    told = []
    for number, index in enumerate(toggles):
        person = PEOPLE[index]
        kind = rules.WENT if person in present else rules.CAME
        present = present ^ {person}
        told.append(
            (MemberChange(kind, (person,), 1, f"v{number}", f"v{number + 1}"), set(present))
        )
    return told


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.data())
def test_lost_late_and_doubled_events_end_right_after_the_look_they_ask_for(
    toggles: list[int], data: st.DataObject
) -> None:
    events = history(toggles)
    truth, last = events[-1][1], events[-1][0].current
    arrived = data.draw(st.lists(st.sampled_from(events), max_size=20))
    ours: set[str] = set()
    version, must_look = "v0", False
    for change, _after in arrived:
        meaning = rules.read_change(version, change)
        if meaning == rules.APPLY:
            ours = ours | set(change.ids) if change.kind == rules.CAME else ours - set(change.ids)
            version = change.current
        must_look = must_look or meaning == rules.LOOK
    # What was applied is a true moment of the group, never a mixture.
    number = int(version[1:])
    assert ours == (events[number - 1][1] if number else set())
    # Where the newest event came, we stand there or know that we must look.
    if any(change.current == last for change, _after in arrived):
        assert must_look or (version, ours) == (last, truth)


@pytest.mark.parametrize(
    ("stored", "change", "expected"),
    [
        ("a", MemberChange(rules.CAME, ("x",), 1, "a", "b"), rules.APPLY),
        ("b", MemberChange(rules.CAME, ("x",), 1, "a", "b"), rules.KNOWN),
        ("c", MemberChange(rules.CAME, ("x",), 1, "a", "b"), rules.LOOK),
        # Nothing was read yet.
        ("", MemberChange(rules.CAME, ("x",), 1, "", "b"), rules.LOOK),
        # It names fewer than it counts, or nobody.
        ("a", MemberChange(rules.CAME, ("x",), 2, "a", "b"), rules.LOOK),
        ("a", MemberChange(rules.WENT, (), None, "a", "b"), rules.LOOK),
        # Old events have no versions; other details never say how it is now.
        ("a", MemberChange(rules.CAME, ("x",), 1, "", ""), rules.LOOK),
        ("a", MemberChange("change_name", (), None, "", ""), rules.LOOK),
        ("a", MemberChange("something_new", ("x",), 1, "a", "b"), rules.LOOK),
    ],
)
def test_an_event_counts_only_where_it_begins_at_ours(
    stored: str, change: MemberChange, expected: str
) -> None:
    assert rules.read_change(stored, change) == expected


def test_a_userid_that_begins_like_an_external_id_is_not_taken_for_one() -> None:
    assert rules.kind_of("wongmei", {"wongmei"}) == rules.STAFF
    assert rules.kind_of("wongmei", set()) == ""
    assert rules.kind_of(PEOPLE[0], set()) == rules.OUTSIDE


DESIRED = {
    "remark": "院外",
    "state": "s",
    "chat_ids": ["a", "b"],
    "rolls_over": True,
    "base_name": "院外",
    "base_number": 3,
}


def test_rolling_over_is_no_drift_and_its_groups_are_kept() -> None:
    rolled = DESIRED | {"chat_ids": ["b", "c"], "base_number": 4}

    assert not rules.has_drifted(DESIRED, rolled)
    assert rules.read_rolled(DESIRED, rolled) == rules.Rolled(("b", "c"), ("c",), 4)
    assert rules.read_rolled(DESIRED, DESIRED) is None
    fixed = DESIRED | {"rolls_over": False, "base_name": "", "base_number": 0}
    assert rules.has_drifted(fixed, fixed | {"chat_ids": ["b", "c"]})
    assert rules.read_rolled(fixed, fixed | {"chat_ids": ["c"]}) is None
    assert rules.has_drifted(DESIRED, DESIRED | {"state": "other"})


@pytest.mark.parametrize(
    ("standing", "confirmed", "expected"),
    [
        (JoinStanding(True, "making", "", False), {}, rules.MAKE),
        (JoinStanding(True, "ready", "c", False), DESIRED, rules.READ),
        (JoinStanding(True, "ready", "c", True), DESIRED, rules.NOTHING),
        (JoinStanding(True, "ready", "c", True), {}, rules.UPDATE),
        (JoinStanding(True, "ready", "c", True, True), DESIRED, rules.READ),
        (JoinStanding(True, "failed", "", False), {}, rules.NOTHING),
        (JoinStanding(False, "ready", "c", True), DESIRED, rules.WITHDRAW),
        (JoinStanding(False, "making", "", False), {}, rules.NOTHING),
    ],
)
def test_a_join_code_has_one_next_step(
    standing: JoinStanding, confirmed: dict[str, object], expected: str
) -> None:
    assert rules.next_join_step(standing, DESIRED, confirmed) == expected


TODAY = datetime(2026, 3, 31, tzinfo=UTC)


@given(st.integers(0, 400))
def test_days_are_asked_for_once_each_and_within_what_the_provider_keeps(ago: int) -> None:
    latest: datetime | None = TODAY - timedelta(days=ago)
    asked = []
    while span := rules.next_days(latest, TODAY, most=30, oldest=180):
        assert span.first <= span.last < TODAY
        assert span.last - span.first <= timedelta(days=30)
        assert span.first >= TODAY - timedelta(days=180)
        asked += [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]
        latest = span.last
    assert len(asked) == len(set(asked)) == max(0, min(ago - 1, 180))


def test_a_notice_says_each_part_in_one_of_its_words() -> None:
    parts = [NoticePart("care", ("不看病", "不诊疗")), NoticePart("call", ("120",))]

    assert rules.missing_parts("本群 不 看病。急症 1 2 0", parts) == []
    assert rules.missing_parts("本群不诊疗", parts) == ["call"]
    assert rules.missing_parts("", parts) == ["care", "call"]


def test_the_notice_we_prepare_passes_our_own_check() -> None:
    assert group_kit.missing_in(group_kit.load_kit().notice) == []
    assert group_kit.missing_in("欢迎大家") == ["群内不看病", "不急救", "急症拨打 120"]
