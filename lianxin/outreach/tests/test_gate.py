"""The gate as a table: one row per rule and border."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lianxin.outreach.catalog import default_settings, reason_texts
from lianxin.outreach.rules.facts import (
    AddressFacts,
    Message,
    Moment,
    Person,
    StaffFacts,
    Usage,
)
from lianxin.outreach.rules.gate import decide

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = default_settings()
AGREED = Person(consents=frozenset({"reminders"}))
CARD = Message(kind="card", priority="medication", purpose="reminders", key="card:1")
REPLY = Message(kind="reply", priority="reply", key="reply:1")
SAFETY = Message(kind="safety", priority="safety", key="safety:1")
WELCOME = Message(kind="welcome", priority="reply", key="welcome:1")


def at(clock: str) -> Moment:
    local = datetime.fromisoformat(f"2026-11-20T{clock}").replace(tzinfo=SHANGHAI)
    return Moment(local.astimezone(UTC), SHANGHAI)


NOON = at("12:00")


def ago(**span: float) -> datetime:
    return NOON.at - timedelta(**span)


def make_address(kind: str, **values: Any) -> AddressFacts:
    given: dict[str, Any] = {"account_id": 1, "account_kind": kind, "address_id": 1, **values}
    return AddressFacts(**given)


FOLLOWER = make_address("official_account", account_id=2, address_id=2, template_id="T1")
CONTACT = make_address("wecom", account_id=3, address_id=3, staff=(StaffFacts(7, "zhoumin"),))
KF = make_address("wecom_kf", account_id=4, address_id=4, last_message_at=ago(hours=1))
PAGE = make_address("webchat", account_id=5, address_id=5, is_open=True)


def codes(verdict: Any) -> set[str]:
    return {refusal.reason.code for refusal in verdict.refusals}


def carriers(verdict: Any) -> list[str]:
    return [attempt.carrier for attempt in verdict.attempts]


@pytest.mark.parametrize(
    ("message", "person", "code"),
    [
        (CARD, Person(), "no_consent"),
        (replace(CARD, purpose=""), AGREED, "no_consent"),  # a forgotten purpose opens nothing
        (CARD, replace(AGREED, is_verified=False), "unverified"),
        (CARD, replace(AGREED, is_stopped=True), "stopped"),
        (REPLY, replace(AGREED, is_stopped=True), "stopped"),
        (WELCOME, replace(AGREED, is_stopped=True), "stopped"),
        (CARD, replace(AGREED, state="restricted"), "restricted"),
        (SAFETY, replace(AGREED, state="erased"), "erased"),  # not even safety
        (SAFETY, replace(AGREED, state="merged"), "merged"),
        (replace(SAFETY, findings=("diagnosis",)), AGREED, "wording"),
        (replace(REPLY, findings=("promise",)), AGREED, "wording"),
        (replace(WELCOME, findings=("promise",)), AGREED, "wording"),
        (replace(CARD, lock_screen_names=("disease",)), AGREED, "names_illness"),
        (CARD, replace(AGREED, usage=Usage(total_today=2)), "cap_day"),
        (
            replace(CARD, priority="marketing"),
            replace(AGREED, usage=Usage(today={"marketing": 1})),
            "cap_priority_day",
        ),
        (
            replace(CARD, priority="education"),
            replace(AGREED, usage=Usage(this_week={"education": 3})),
            "cap_priority_week",
        ),
        (
            replace(CARD, priority="survey"),
            replace(AGREED, usage=Usage(this_month={"survey": 2})),
            "cap_priority_month",
        ),
        (replace(CARD, window_ends_at=NOON.at), AGREED, "window_over"),
    ],
)
def test_what_refuses_the_whole_message(message: Message, person: Person, code: str) -> None:
    verdict = decide(message, person, [FOLLOWER, CONTACT, KF, PAGE], SETTINGS, NOON)

    assert verdict.is_refused_whole
    assert codes(verdict) == {code}


@pytest.mark.parametrize("message", [SAFETY, REPLY])
def test_safety_and_replies_need_no_consent_and_know_no_night(message: Message) -> None:
    person = Person(is_verified=False, usage=Usage(total_today=9))
    wrote = replace(KF, last_message_at=at("22:00").at)

    verdict = decide(message, person, [wrote], SETTINGS, at("23:30"))

    assert carriers(verdict) == ["kf_text"]
    assert verdict.attempts[0].not_before is None


def test_safety_reaches_a_stopped_patient() -> None:
    verdict = decide(SAFETY, replace(AGREED, is_stopped=True), [FOLLOWER], SETTINGS, NOON)

    assert carriers(verdict) == ["oa_template"]


def test_a_time_the_patient_set_is_kept_at_night_and_over_the_cap() -> None:
    own_time = replace(CARD, is_patient_set_time=True)
    person = replace(AGREED, usage=Usage(total_today=5))

    verdict = decide(own_time, person, [FOLLOWER], SETTINGS, at("21:30"))

    assert verdict.attempts[0].not_before is None


@pytest.mark.parametrize(
    ("clock", "day"),
    [("21:00", 21), ("23:59", 21), ("07:59", 20)],
)
def test_the_night_queues_to_half_past_eight(clock: str, day: int) -> None:
    verdict = decide(CARD, AGREED, [FOLLOWER], SETTINGS, at(clock))

    waits = verdict.attempts[0].not_before
    assert waits is not None
    local = waits.astimezone(SHANGHAI)
    assert (local.day, local.hour) == (day, 8)
    assert 30 <= local.minute < 40


@pytest.mark.parametrize("clock", ["08:00", "20:59"])
def test_the_borders_of_the_day_are_day(clock: str) -> None:
    verdict = decide(CARD, AGREED, [FOLLOWER], SETTINGS, at(clock))

    assert verdict.attempts[0].not_before is None


def test_a_window_that_ends_in_the_night_is_over() -> None:
    late = replace(CARD, window_ends_at=at("22:30").at)

    assert codes(decide(late, AGREED, [FOLLOWER], SETTINGS, at("21:30"))) == {"window_over"}


def test_a_window_that_starts_later_is_waited_for() -> None:
    later = replace(CARD, window_starts_at=at("18:00").at)

    assert (
        decide(later, AGREED, [FOLLOWER], SETTINGS, NOON).attempts[0].not_before == at("18:00").at
    )


def test_a_window_that_starts_at_night_is_moved_to_morning() -> None:
    later = replace(CARD, window_starts_at=at("22:00").at)

    waits = decide(later, AGREED, [FOLLOWER], SETTINGS, NOON).attempts[0].not_before

    assert waits is not None
    assert waits.astimezone(SHANGHAI).hour == 8


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (replace(KF, last_message_at=None), "kf_never"),
        (replace(KF, last_message_at=ago(hours=48)), "kf_time"),
        (replace(KF, sent_since_message=5), "kf_count"),
        (replace(KF, service_state=2), "kf_queued"),
        (replace(KF, service_state=3), "kf_read_only"),
        (replace(KF, service_state=4), "kf_ended"),
        (replace(KF, is_active=False), "address_removed"),
        (replace(KF, account_is_active=False), "account_off"),
    ],
)
def test_why_customer_service_cannot_answer(address: AddressFacts, code: str) -> None:
    verdict = decide(REPLY, AGREED, [address], SETTINGS, NOON)

    assert not verdict.is_allowed
    assert codes(verdict) == {code}


@pytest.mark.parametrize(
    "address",
    [
        replace(KF, last_message_at=ago(hours=47.9)),
        replace(KF, sent_since_message=4),
        replace(KF, service_state=0),
        replace(KF, service_state=1),
    ],
)
def test_customer_service_answers_inside_its_window(address: AddressFacts) -> None:
    assert carriers(decide(REPLY, AGREED, [address], SETTINGS, NOON)) == ["kf_text"]


OA = make_address("official_account")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (OA, "oa_never"),
        (replace(OA, last_message_at=ago(hours=48)), "oa_time"),
        (replace(OA, last_message_at=ago(hours=2), sent_since_message=5), "oa_count"),
        (replace(OA, last_action_at=ago(seconds=60)), "oa_never"),
        (replace(OA, last_action_at=ago(seconds=30), sent_since_action=3), "oa_never"),
    ],
)
def test_why_the_official_account_cannot_answer(address: AddressFacts, code: str) -> None:
    assert codes(decide(REPLY, AGREED, [address], SETTINGS, NOON)) == {code}


@pytest.mark.parametrize(
    "address",
    [
        replace(OA, last_message_at=ago(hours=2), sent_since_message=4),
        replace(OA, last_action_at=ago(seconds=59), sent_since_action=2),
        # The tap opens a new minute although the five answers to the message are used up.
        replace(
            OA, last_message_at=ago(hours=2), sent_since_message=5, last_action_at=ago(seconds=5)
        ),
    ],
)
def test_the_official_account_answers_after_a_message_or_a_tap(address: AddressFacts) -> None:
    assert carriers(decide(REPLY, AGREED, [address], SETTINGS, NOON)) == ["oa_text"]


MINI = make_address("mini_program", account_id=6, address_id=6, template_id="M1")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (MINI, "mini_never"),
        (replace(MINI, last_message_at=ago(hours=48)), "mini_time"),
        (replace(MINI, last_message_at=ago(hours=2), sent_since_message=5), "mini_count"),
        (replace(MINI, last_action_at=ago(seconds=30), sent_since_action=2), "mini_never"),
    ],
)
def test_why_the_mini_program_cannot_answer(address: AddressFacts, code: str) -> None:
    assert codes(decide(REPLY, AGREED, [address], SETTINGS, NOON)) == {code}


@pytest.mark.parametrize(
    "address",
    [
        replace(MINI, last_message_at=ago(hours=47), sent_since_message=4),
        replace(MINI, last_action_at=ago(seconds=59), sent_since_action=1),
    ],
)
def test_the_mini_program_answers_after_a_message_or_an_entry(address: AddressFacts) -> None:
    assert carriers(decide(REPLY, AGREED, [address], SETTINGS, NOON)) == ["mini_text"]


def test_a_tick_carries_a_card_before_a_person_must_confirm() -> None:
    ticked = replace(MINI, ticks_left=1)

    verdict = decide(CARD, AGREED, [CONTACT, ticked], SETTINGS, NOON)

    assert carriers(verdict) == ["mini_subscribe", "wecom_task"]


@pytest.mark.parametrize(
    ("address", "code"),
    [(MINI, "mini_no_tick"), (replace(MINI, template_id="", ticks_left=1), "mini_no_template")],
)
def test_why_no_subscribe_message_goes(address: AddressFacts, code: str) -> None:
    assert code in codes(decide(CARD, AGREED, [address], SETTINGS, NOON))


def test_a_card_goes_by_template_then_by_a_confirmed_task() -> None:
    verdict = decide(CARD, AGREED, [CONTACT, KF, FOLLOWER, PAGE], SETTINGS, NOON)

    assert carriers(verdict) == ["oa_template", "wecom_task"]


def test_a_contact_who_does_not_follow_gets_a_confirmed_task() -> None:
    verdict = decide(CARD, AGREED, [CONTACT], SETTINGS, NOON)

    assert [(a.carrier, a.staff_id) for a in verdict.attempts] == [("wecom_task", 7)]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (replace(CONTACT, staff=()), "staff_none"),
        (replace(CONTACT, tasks_today=1), "staff_patient_budget"),
        (replace(CONTACT, staff=(StaffFacts(7, "zhoumin", tasks_today=2),)), "staff_budget"),
    ],
)
def test_why_no_staff_member_can_confirm(address: AddressFacts, code: str) -> None:
    assert codes(decide(CARD, AGREED, [address], SETTINGS, NOON)) == {code}


def test_the_staff_member_with_budget_left_is_chosen() -> None:
    both = replace(CONTACT, staff=(StaffFacts(7, "zhoumin", 2), StaffFacts(8, "wangqian", 1)))

    assert decide(CARD, AGREED, [both], SETTINGS, NOON).attempts[0].staff_id == 8


def test_a_card_with_no_way_out_is_refused_with_every_reason() -> None:
    bare = replace(FOLLOWER, template_id="")

    verdict = decide(CARD, AGREED, [bare, replace(CONTACT, staff=())], SETTINGS, NOON)

    assert not verdict.is_allowed
    assert codes(verdict) == {"oa_no_template", "staff_none"}


def test_nobody_to_reach_is_a_reason() -> None:
    assert codes(decide(CARD, AGREED, [], SETTINGS, NOON)) == {"no_address"}
    assert codes(decide(CARD, AGREED, [KF], SETTINGS, NOON)) == {"no_carrier"}


def test_what_failed_is_not_tried_again() -> None:
    tried = frozenset({("oa_template", 2)})

    verdict = decide(CARD, AGREED, [FOLLOWER, CONTACT], SETTINGS, NOON, tried)
    nothing_left = decide(CARD, AGREED, [FOLLOWER], SETTINGS, NOON, tried)

    assert carriers(verdict) == ["wecom_task"]
    assert codes(nothing_left) == {"all_failed"}


def test_an_answer_goes_back_where_the_question_came_from() -> None:
    open_oa = replace(OA, address_id=9, last_message_at=ago(hours=1))
    message = replace(REPLY, answers_address_id=9)

    assert carriers(decide(message, AGREED, [KF, open_oa], SETTINGS, NOON)) == [
        "oa_text",
        "kf_text",
    ]


def test_an_answer_waits_in_a_closed_web_page_but_a_safety_text_does_not() -> None:
    shut = replace(PAGE, is_open=False)

    assert carriers(decide(REPLY, AGREED, [shut], SETTINGS, NOON)) == ["webchat"]
    assert codes(decide(SAFETY, AGREED, [shut], SETTINGS, NOON)) == {"webchat_closed"}


def test_the_patient_comes_before_the_family() -> None:
    daughter = replace(FOLLOWER, address_id=11, holder_id=2, rank=1)
    patient = replace(CONTACT, holder_id=1, rank=0)

    assert carriers(decide(CARD, AGREED, [daughter, patient], SETTINGS, NOON)) == [
        "wecom_task",
        "oa_template",
    ]


def test_a_text_message_needs_its_own_consent() -> None:
    phone = make_address("sms")

    assert codes(decide(CARD, AGREED, [phone], SETTINGS, NOON)) == {"no_carrier_consent"}
    both = Person(consents=frozenset({"reminders", "sms_phone"}))
    assert carriers(decide(CARD, both, [phone], SETTINGS, NOON)) == ["sms"]


def test_a_welcome_is_in_time_for_twenty_seconds() -> None:
    fresh = replace(CONTACT, welcome_until=NOON.at + timedelta(seconds=1))
    late = replace(CONTACT, welcome_until=NOON.at)

    assert carriers(decide(WELCOME, Person(is_verified=False), [fresh], SETTINGS, NOON)) == [
        "welcome_code"
    ]
    assert codes(decide(WELCOME, AGREED, [late], SETTINGS, NOON)) == {"welcome_late"}


def test_every_code_has_words() -> None:
    assert set(SETTINGS.closed_kf_states.values()) <= set(reason_texts())
