"""Cards, staff confirmations, texts: the plans that need no table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lianxin.outreach.catalog import (
    default_settings,
    find_reason_text,
    settings_with,
    words_for,
)
from lianxin.outreach.rules import cards, confirmations
from lianxin.outreach.rules.confirmations import Budget, Plan, Waiting, plan_tasks
from lianxin.outreach.rules.facts import AddressFacts, Moment, Person
from lianxin.outreach.rules.reach import after_sending, list_reach
from lianxin.outreach.rules.texts import (
    CUT_MARK,
    WelcomeFacts,
    compose_fallback_welcome,
    compose_welcome,
    excess_of_welcome,
    push_text,
    with_delivery_key,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
STAFF = default_settings().staff
NOTHING_USED = Budget({}, {}, frozenset())
WORDS = words_for("welcome", "zh-hans")
ROOM = 2048
LI = WelcomeFacts("河畔医院", "心内科", "李建国")


def at(clock: str) -> Moment:
    local = datetime.fromisoformat(f"2026-11-20T{clock}").replace(tzinfo=SHANGHAI)
    return Moment(local.astimezone(UTC), SHANGHAI)


def make_waiting(delivery_id: int, *, staff_id: int = 7, since: str = "09:00") -> Waiting:
    return Waiting(delivery_id, staff_id, 3, delivery_id + 100, delivery_id + 200, at(since).at)


def test_many_patients_become_one_task_per_staff_member() -> None:
    waiting = [make_waiting(1), make_waiting(2), make_waiting(3, staff_id=8)]

    assert plan_tasks(waiting, NOTHING_USED, STAFF, at("09:05")) == [
        Plan(7, 3, "morning", (1, 2)),
        Plan(8, 3, "morning", (3,)),
    ]


@pytest.mark.parametrize(
    ("clock", "used"),
    [
        ("09:00", NOTHING_USED),  # still collecting
        ("13:00", NOTHING_USED),  # between the slots
        ("09:05", Budget({7: 1}, {7: frozenset({"morning"})}, frozenset())),  # slot used
        ("15:00", Budget({7: 2}, {7: frozenset({"morning"})}, frozenset())),  # day used
        ("09:05", Budget({}, {}, frozenset({101}))),  # the patient has one today
    ],
)
def test_what_waits_for_the_next_slot(clock: str, used: Budget) -> None:
    assert plan_tasks([make_waiting(1)], used, STAFF, at(clock)) == []


def test_one_contact_gets_one_message_of_a_task() -> None:
    twice = [make_waiting(1), replace(make_waiting(2), address_id=101)]

    assert plan_tasks(twice, NOTHING_USED, STAFF, at("09:05"))[0].delivery_ids == (1,)


def test_a_slot_ends_on_the_hospitals_clock() -> None:
    ends = confirmations.slot_closes_at(STAFF.slots, "morning", at("09:00"))

    assert ends == datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)


def test_card_items_merge_once_in_order() -> None:
    assert cards.merge_items(["measure_bp"], ["pills", "measure_bp"]) == ["measure_bp", "pills"]
    assert cards.announce_key(5, date(2026, 11, 20), "evening") == "card:5:2026-11-20:evening"


def test_the_welcome_speaks_in_the_doctors_name_with_both_sentences() -> None:
    text = compose_welcome(LI, WORDS, ROOM).text

    assert "李建国" in text
    assert "急症请拨 120，此处不保证及时回复" in text
    assert "非 24 小时监护" in text


def test_a_live_codes_own_text_keeps_the_name_and_the_sentences() -> None:
    text = compose_welcome(replace(LI, own_text="出院后有问题请找我。"), WORDS, ROOM).text

    assert text.index("李建国") < text.index("出院后") < text.index("120")


def test_the_neutral_welcome_names_no_staff_text() -> None:
    blocked = replace(LI, own_text="保证根治")

    assert "根治" not in compose_fallback_welcome(blocked, WORDS, ROOM).text
    assert "120" in compose_fallback_welcome(blocked, WORDS, ROOM).text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@given(
    own=st.text(st.sampled_from("愿您早日康复🌷a\n"), max_size=900),
    said=st.sampled_from(["", "safety", "hours"]),
    room=st.integers(700, 2048),
)
@example(own="🌷" * 600, said="hours", room=2048)
def test_a_welcome_too_long_loses_its_own_words_and_never_the_sentences(
    language: str, own: str, said: str, room: int
) -> None:
    words = words_for("welcome", language)
    facts = replace(LI, own_text=own + words.get(said, ""))

    text = compose_welcome(facts, words, room).text

    assert len(text.encode()) <= room
    assert words["safety"] in text
    assert words["hours"] in text
    assert text.startswith(
        words["greeting"]
        % {"hospital": LI.hospital, "department": LI.department, "staff": LI.staff}
    )
    excess = excess_of_welcome(facts, words, room)
    assert (CUT_MARK in text) is (excess > 0)
    if not excess:
        assert facts.own_text.strip() in text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_lines_on_a_lock_screen_fit_every_kind(language: str) -> None:
    words = words_for("push", language)

    assert push_text("card", words) == words["card"]
    assert push_text("unheard_of", words) == words["message"]


def test_a_delivery_key_joins_any_path() -> None:
    assert with_delivery_key("/p/", "k1") == "/p/?d=k1"
    assert with_delivery_key("/p/read/x/?lang=en#top", "k1") == "/p/read/x/?lang=en&d=k1#top"


def test_a_hospital_may_lay_its_own_numbers_over() -> None:
    own = settings_with({"staff.tasks_per_staff_per_day": 1, "quiet.resume_at": "09:00"})

    assert own.staff.tasks_per_staff_per_day == 1
    assert default_settings().staff.tasks_per_staff_per_day == 2
    with pytest.raises(KeyError):
        settings_with({"staff.no_such_number": 1})


def test_a_providers_own_code_still_has_words() -> None:
    assert find_reason_text("errcode_12345").code == "provider_refused"


def test_the_summary_counts_what_is_left_and_until_when() -> None:
    now = at("12:00").at
    kf = AddressFacts(1, "wecom_kf", 1, last_message_at=now - timedelta(hours=1))
    kf = after_sending(after_sending(kf, "kf_text"), "kf_text")

    [line] = list_reach(Person(), [kf], default_settings(), now)

    assert (line.state, line.left, line.limit) == ("open", 3, 5)
    assert line.until == now + timedelta(hours=47)


def test_staff_tasks_never_look_automatic() -> None:
    contact = AddressFacts(1, "wecom", 1)

    [line] = list_reach(Person(), [contact], default_settings(), at("12:00").at)

    assert (line.state, line.reason.code if line.reason else "") == ("closed", "staff_none")
