"""What the gate promises whatever the facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from lianxin.outreach.catalog import default_settings, reason_texts
from lianxin.outreach.rules.facts import (
    CARRIERS_OF_ACCOUNT,
    KINDS,
    AddressFacts,
    Message,
    Moment,
    Person,
    StaffFacts,
    Usage,
)
from lianxin.outreach.rules.gate import decide
from lianxin.outreach.rules.quiet import is_quiet
from lianxin.outreach.rules.reach import CLOSED, list_reach

SETTINGS = default_settings()
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 1, tzinfo=UTC)

instants = st.integers(0, 30 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
moments = instants.map(lambda at: Moment(at, SHANGHAI))
counts = st.integers(0, 6)
purposes = st.sampled_from(["", "reminders", "marketing", "health_records"])
messages = st.builds(
    Message,
    kind=st.sampled_from(KINDS),
    priority=st.sampled_from(SETTINGS.priorities),
    purpose=purposes,
    key=st.text(max_size=8),
    findings=st.lists(st.sampled_from(["diagnosis", "promise"]), max_size=1).map(tuple),
    lock_screen_names=st.lists(st.just("disease"), max_size=1).map(tuple),
    is_patient_set_time=st.booleans(),
    window_ends_at=st.none() | instants,
)
persons = st.builds(
    Person,
    state=st.sampled_from(["active", "active", "restricted", "erased", "merged"]),
    is_verified=st.booleans(),
    is_stopped=st.booleans(),
    consents=st.frozensets(purposes.filter(bool) | st.just("sms_phone")),
    usage=st.builds(Usage, total_today=counts),
)
addresses = st.builds(
    AddressFacts,
    account_id=st.integers(1, 5),
    account_kind=st.sampled_from(sorted(CARRIERS_OF_ACCOUNT)),
    address_id=st.integers(1, 10_000),
    holder_id=st.integers(1, 3),
    rank=st.integers(0, 2),
    is_active=st.booleans(),
    account_is_active=st.booleans(),
    last_message_at=st.none() | instants,
    sent_since_message=counts,
    last_action_at=st.none() | instants,
    sent_since_action=counts,
    service_state=st.none() | st.integers(0, 4),
    is_open=st.booleans(),
    template_id=st.sampled_from(["", "T1"]),
    staff=st.lists(st.builds(StaffFacts, st.integers(1, 9), st.just("u"), counts), max_size=2).map(
        tuple
    ),
    tasks_today=st.integers(0, 2),
    welcome_until=st.none() | instants,
)
address_lists = st.lists(addresses, max_size=5, unique_by=lambda one: one.address_id)


@given(messages, persons, address_lists, moments)
def test_a_verdict_allows_or_says_why(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    verdict = decide(message, person, reachable, SETTINGS, moment)

    assert verdict.is_allowed or verdict.refusals
    assert {refusal.reason.code for refusal in verdict.refusals} <= set(reason_texts())
    for refusal in verdict.refusals:
        assert reason_texts()[refusal.reason.code].sentence % dict(refusal.reason.facts)


@given(messages, persons, address_lists, moments)
def test_stopped_always_refuses_but_for_safety(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    stopped = replace(person, is_stopped=True)

    if message.kind != "safety":
        assert not decide(message, stopped, reachable, SETTINGS, moment).is_allowed


@given(messages, persons, address_lists, moments)
def test_the_erased_are_never_reached(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    assert not decide(
        message, replace(person, state="erased"), reachable, SETTINGS, moment
    ).is_allowed


@given(messages, persons, address_lists, moments)
def test_guard_findings_always_block(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    bad = replace(message, findings=("diagnosis",))

    verdict = decide(bad, person, reachable, SETTINGS, moment)

    assert [refusal.reason.code for refusal in verdict.refusals] == ["wording"]


@given(messages, persons, address_lists, addresses, moments)
def test_one_more_address_never_makes_anyone_less_reachable(
    message: Message,
    person: Person,
    reachable: list[AddressFacts],
    more: AddressFacts,
    moment: Moment,
) -> None:
    before = decide(message, person, reachable, SETTINGS, moment)
    after = decide(message, person, [*reachable, more], SETTINGS, moment)

    assert set(before.attempts) <= set(after.attempts)


@given(messages, persons, address_lists, moments)
def test_nothing_that_can_wait_goes_at_night(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    verdict = decide(message, person, reachable, SETTINGS, moment)

    if SETTINGS.is_exempt(message.kind, "quiet") or message.is_patient_set_time:
        return
    for attempt in verdict.attempts:
        goes = Moment(attempt.not_before or moment.at, SHANGHAI)
        assert not is_quiet(goes, SETTINGS.quiet)
        assert message.window_ends_at is None or goes.at < message.window_ends_at


@given(messages, persons, address_lists, moments)
def test_no_consent_no_message(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    verdict = decide(message, replace(person, consents=frozenset()), reachable, SETTINGS, moment)

    assert not verdict.is_allowed or SETTINGS.is_exempt(message.kind, "consent")


@given(messages, persons, address_lists, moments)
def test_a_session_taken_in_the_client_is_read_only(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    taken = [replace(one, service_state=3) for one in reachable]

    verdict = decide(message, person, taken, SETTINGS, moment)

    assert all(attempt.carrier != "kf_text" for attempt in verdict.attempts)


@given(messages, persons, address_lists, moments)
def test_the_same_question_has_the_same_answer(
    message: Message, person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    once = decide(message, person, reachable, SETTINGS, moment)

    assert (
        decide(message, person, list(reversed(reachable)), SETTINGS, moment).attempts
        == once.attempts
    )


@given(persons, address_lists, moments)
def test_the_summary_names_a_reason_for_everything_closed(
    person: Person, reachable: list[AddressFacts], moment: Moment
) -> None:
    for line in list_reach(person, reachable, SETTINGS, moment.at):
        assert (line.state == CLOSED) == (line.reason is not None)
        assert line.until is None or line.until > moment.at
        assert line.left is None or line.left > 0
