"""What a carrier lets through in all: counted from real answers, kept for care, never overdrawn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions as channels
from lianxin.channels.adapters.base import SendFailed, Sent
from lianxin.channels.models import Account
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.outreach import actions, queries
from lianxin.outreach.actions import Receipt, Settled
from lianxin.outreach.catalog import default_settings
from lianxin.outreach.models import Delivery, Intent, Quota
from lianxin.outreach.queries.forecast import count_customer_quotas
from lianxin.outreach.queries.house import load_house
from lianxin.outreach.queries.inputs import load_inputs
from lianxin.outreach.queries.quotas import load_quotas
from lianxin.outreach.rules import quotas
from lianxin.outreach.rules.carriers import check_carrier
from lianxin.outreach.rules.facts import MESSAGE, Message, QuotaUse, Reason
from lianxin.outreach.rules.settings import QuotaRule, Reserve
from lianxin.staff.models import Staff
from lianxin.testing.outreach import Reachable, make_intent, make_reachable
from lianxin.testing.staff import make_staff

OA, WECOM = Account.Kind.OFFICIAL_ACCOUNT, Account.Kind.WECOM
AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
MONTHLY = QuotaRule("address", "month", None)
RESERVE = default_settings().reserve
EDUCATION = Message(kind=MESSAGE, priority="education", purpose="reminders")
FOLLOW_UP = Message(kind=MESSAGE, priority="follow_up", purpose="reminders")


def limit_to(hospital: Hospital, **overrides: object) -> None:
    hospital.settings = {"outreach": {name.replace("__", "."): v for name, v in overrides.items()}}
    hospital.save()


def used(account: Account) -> int:
    row = Quota.objects.filter(account=account, address=None).first()
    return row.used_count if row else 0


# ---- rules --------------------------------------------------------------------------------


@given(
    day=st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    every=st.sampled_from(["day", "week", "month"]),
)
def test_every_day_lies_in_exactly_one_period(day: date, every: str) -> None:
    rule = QuotaRule("account", every, 5)
    start, end = quotas.first_day(rule, day), quotas.next_first_day(rule, day)

    assert start <= day < end
    assert quotas.first_day(rule, end) == end
    assert quotas.first_day(rule, end - timedelta(days=1)) == start


@pytest.mark.parametrize(
    ("day", "limit"), [("2026-02-10", 28), ("2028-02-10", 29), ("2026-12-31", 31)]
)
def test_a_month_allows_as_many_as_it_has_days(day: str, limit: int) -> None:
    assert quotas.limit_on(MONTHLY, date.fromisoformat(day)) == limit


@given(
    limit=st.integers(1, 200_000),
    used=st.integers(0, 250_000),
    share=st.floats(0, 1),
    minutes=st.none() | st.integers(-60, 60),
)
def test_what_is_kept_is_for_care_only_and_nothing_is_overdrawn(
    limit: int, used: int, share: float, minutes: int | None
) -> None:
    closed = None if minutes is None else AT + timedelta(minutes=minutes)
    use = QuotaUse(limit, used, closed_until=closed)
    reserve = Reserve(share, frozenset({"medication"}))

    care = quotas.room_for(use, "medication", reserve, AT)
    other = quotas.room_for(use, "marketing", reserve, AT)

    assert 0 <= other <= care <= max(0, limit - used)
    if minutes is not None and minutes > 0:
        assert care == 0
    else:
        assert care == max(0, limit - used)
        assert other == 0 or care - other == quotas.kept_back(limit, reserve)


@given(uses=st.lists(st.tuples(st.integers(1, 500), st.integers(0, 600)), max_size=4))
def test_a_batch_as_large_as_the_boundary_never_changes_an_answer(
    uses: list[tuple[int, int]],
) -> None:
    """Whoever takes `next_boundary` messages meets the same answer for each of them."""
    held = [QuotaUse(limit, used) for limit, used in uses]
    room = quotas.next_boundary(held, RESERVE)
    for use in held if room else []:
        for priority in ("medication", "marketing"):
            before = quotas.room_for(use, priority, RESERVE, AT)
            last = QuotaUse(use.limit, use.used + (room or 1) - 1)
            assert bool(before) == bool(quotas.room_for(last, priority, RESERVE, AT))


# ---- the ledger ---------------------------------------------------------------------------


@pytest.fixture
def follower(in_riverside: Hospital, noon: time_machine.Traveller) -> Reachable:
    del noon
    return make_reachable(in_riverside, OA)


def test_a_message_taken_on_is_counted_and_given_back_when_refused(
    follower: Reachable, in_riverside: Hospital
) -> None:
    make_intent(follower)
    [claimed] = actions.claim_deliveries(in_riverside.pk)
    assert used(follower.account) == 1

    failure = SendFailed("template_invalid", permanent=True)
    for _ in range(2):
        actions.settle_deliveries(in_riverside.pk, [Settled(claimed.delivery_id, failure)])

    assert used(follower.account) == 0


@pytest.mark.parametrize("reason", ["outcome_unknown", "provider_silent"])
def test_what_may_have_arrived_stays_counted(
    follower: Reachable, in_riverside: Hospital, reason: str
) -> None:
    make_intent(follower)
    [claimed] = actions.claim_deliveries(in_riverside.pk)

    failure = SendFailed(reason, permanent=reason == "outcome_unknown")
    actions.settle_deliveries(in_riverside.pk, [Settled(claimed.delivery_id, failure)])

    assert used(follower.account) == 1


def test_the_last_ones_are_kept_for_care(follower: Reachable, in_riverside: Hospital) -> None:
    limit_to(in_riverside, quotas__oa_template={"scope": "account", "every": "day", "limit": 5})
    Quota.objects.create(
        hospital=in_riverside,
        account=follower.account,
        carrier="oa_template",
        starts_on="2026-11-20",
        used_count=4,
    )
    survey = make_intent(follower, "message", priority="survey")
    pills = make_intent(follower, "message", priority="medication")

    claimed = actions.claim_deliveries(in_riverside.pk)

    survey.refresh_from_db()
    pills.refresh_from_db()
    assert len(claimed) == 1
    assert (pills.state, survey.state) == (Intent.State.SENDING, Intent.State.REFUSED)
    assert survey.reason_code == "quota_used_up"


def test_a_survey_leaves_the_last_ones_untouched(
    follower: Reachable, in_riverside: Hospital
) -> None:
    limit_to(in_riverside, quotas__oa_template={"scope": "account", "every": "day", "limit": 5})
    people = [make_reachable(in_riverside, account=follower.account) for _ in range(6)]
    surveys = [make_intent(one, "message", priority="survey") for one in people]
    while actions.claim_deliveries(in_riverside.pk):
        continue

    for one in surveys:
        one.refresh_from_db()
    refused = [one.reason_code for one in surveys if one.state == Intent.State.REFUSED]
    assert refused == ["quota_reserved"] * 2
    make_intent(follower, "message", priority="medication")
    assert len(actions.claim_deliveries(in_riverside.pk)) == 1


def test_a_batch_stops_at_the_limit_and_the_rest_is_told_why(
    follower: Reachable, in_riverside: Hospital
) -> None:
    limit_to(in_riverside, quotas__oa_template={"scope": "account", "every": "day", "limit": 3})
    others = [make_reachable(in_riverside, account=follower.account) for _ in range(5)]
    intents = [make_intent(one) for one in (follower, *others)]
    sent = 0
    while claimed := actions.claim_deliveries(in_riverside.pk):
        results = [Settled(one.delivery_id, Sent(one.outbound.client_key, "m")) for one in claimed]
        sent += actions.settle_deliveries(in_riverside.pk, results)

    for intent in intents:
        intent.refresh_from_db()
    assert sent == used(follower.account) == 3
    refused = [one.reason_code for one in intents if one.state == Intent.State.REFUSED]
    assert refused == ["quota_used_up"] * 3


def test_a_new_day_opens_it_again(follower: Reachable, in_riverside: Hospital) -> None:
    limit_to(in_riverside, quotas__oa_template={"scope": "account", "every": "day", "limit": 1})
    make_intent(follower)
    assert len(actions.claim_deliveries(in_riverside.pk)) == 1
    other = make_reachable(in_riverside, account=follower.account)

    with time_machine.travel("2026-11-21T04:00:00+00:00", tick=False):
        make_intent(other)
        assert len(actions.claim_deliveries(in_riverside.pk)) == 1


def test_the_providers_own_word_closes_the_account_and_another_way_is_taken(
    follower: Reachable, in_riverside: Hospital
) -> None:
    """45009 is heard once; the next message does not even try."""
    first = make_intent(follower)
    [claimed] = actions.claim_deliveries(in_riverside.pk)
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    full = SendFailed("day_quota_full", permanent=False, retry_at=midnight)
    actions.settle_deliveries(in_riverside.pk, [Settled(claimed.delivery_id, full)])
    second = make_intent(make_reachable(in_riverside, account=follower.account))

    assert actions.claim_deliveries(in_riverside.pk) == []

    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.state, second.reason_code) == (Intent.State.REFUSED, "quota_closed")
    assert first.state == Intent.State.REFUSED
    assert Quota.objects.get().closed_until == midnight


@pytest.fixture
def customer(in_riverside: Hospital, noon: time_machine.Traveller) -> Reachable:
    """Give a customer of Dr Li."""
    del noon
    doctor = make_staff(in_riverside, role=Staff.Role.DOCTOR)
    Staff.objects.filter(pk=doctor.pk).update(wecom_userid="DrLi")
    return make_reachable(in_riverside, WECOM, staff_userid="DrLi")


def wait_for_staff(hospital: Hospital, reachable: Reachable) -> Delivery:
    """Bring one message so far that a member has it for confirming, as task `m1`."""
    make_intent(reachable)
    assert actions.claim_deliveries(hospital.pk) == []
    row = Delivery.objects.get(patient=reachable.patient, carrier="wecom_task")
    Delivery.objects.filter(pk=row.pk).update(provider_message_id="m1")
    return row


def test_a_customers_month_is_counted_once_by_what_arrived(
    customer: Reachable, in_riverside: Hospital
) -> None:
    wait_for_staff(in_riverside, customer)
    arrived = Receipt("m1", "delivered", address_id=customer.address.pk)
    actions.note_receipts(in_riverside.pk, [arrived, arrived])
    assert Quota.objects.get(address=customer.address).used_count == 1


def test_who_got_others_mass_messages_is_not_asked_again_this_month(
    customer: Reachable, in_riverside: Hospital
) -> None:
    row = wait_for_staff(in_riverside, customer)
    full = Receipt("m1", "failed", "quota_full", address_id=customer.address.pk)
    actions.note_receipts(in_riverside.pk, [full])

    row.refresh_from_db()
    assert row.reason_code == "quota_full"
    with time_machine.travel("2026-11-28T04:00:00+00:00", tick=False):
        late = make_intent(customer)
        assert actions.claim_deliveries(in_riverside.pk) == []
        late.refresh_from_db()
        assert late.reason_code == "quota_closed"
    with time_machine.travel("2026-12-01T04:00:00+00:00", tick=False):
        fresh = make_intent(customer)
        actions.claim_deliveries(in_riverside.pk)
        fresh.refresh_from_db()
        assert fresh.state == Intent.State.WAITING_STAFF


def test_a_day_on_which_the_platform_takes_no_more_calls_closes_no_customer(
    customer: Reachable, in_riverside: Hospital
) -> None:
    wait_for_staff(in_riverside, customer)
    full = Receipt("m1", "failed", "day_quota_full", address_id=customer.address.pk)
    actions.note_receipts(in_riverside.pk, [full])

    assert find_closing(in_riverside, customer) is None


@pytest.mark.parametrize(
    ("mass_limit", "closed", "opens"),
    [
        # Noon of a Friday, 20 November.
        ("days_of_month", "2026-11-30T15:59:00+00:00", "2026-11-30T16:01:00+00:00"),
        ("7_a_week", "2026-11-22T15:59:00+00:00", "2026-11-22T16:01:00+00:00"),
        ("1_a_day", "2026-11-20T15:59:00+00:00", "2026-11-20T16:01:00+00:00"),
    ],
)
def test_who_got_too_many_is_closed_as_long_as_the_administrator_set(
    customer: Reachable, in_riverside: Hospital, mass_limit: str, closed: str, opens: str
) -> None:
    say_limit(customer.account, mass_limit)
    wait_for_staff(in_riverside, customer)
    full = Receipt("m1", "failed", "quota_full", address_id=customer.address.pk)
    actions.note_receipts(in_riverside.pk, [full])

    with time_machine.travel(closed, tick=False):
        assert find_closing(in_riverside, customer) == "quota_closed"
    with time_machine.travel(opens, tick=False):
        assert find_closing(in_riverside, customer) is None


@pytest.mark.parametrize(("mass_limit", "limit"), [("", 30), ("7_a_week", 7), ("1_a_day", 1)])
def test_what_a_customer_may_receive_is_what_the_administrator_set(
    customer: Reachable, in_riverside: Hospital, admin: Staff, mass_limit: str, limit: int
) -> None:
    say_limit(customer.account, mass_limit)
    wait_for_staff(in_riverside, customer)
    arrived = Receipt("m1", "delivered", address_id=customer.address.pk)
    actions.note_receipts(in_riverside.pk, [arrived])

    uses = load_quotas(load_house(in_riverside.pk), [customer.account], [customer.address.pk])
    use = uses.at(customer.account.pk, customer.address.pk)["wecom_task"]
    [line] = count_customer_quotas(admin)

    assert (use.limit, use.used) == (limit, 1)
    assert (line.sent, line.closed) == (1, int(limit == 1))
    assert f"最多 {limit} 条" in line.limit


def say_limit(account: Account, mass_limit: str) -> None:
    account.config["mass_limit"] = mass_limit
    account.save(update_fields=["config"])


def find_closing(hospital: Hospital, customer: Reachable) -> str | None:
    house = load_house(hospital.pk)
    uses = load_quotas(house, [customer.account], [customer.address.pk])
    use = uses.at(customer.account.pk, customer.address.pk)["wecom_task"]
    reason = quotas.find_quota_reason(use, "follow_up", house.settings, house.now)
    return reason.code if reason else None


# ---- the forecast -------------------------------------------------------------------------


def test_a_forecast_is_what_the_gate_then_does(in_riverside: Hospital, noon: object) -> None:
    """Everybody refused beforehand is refused later for the same reason, and nobody else."""
    del noon
    limit_to(in_riverside, quotas__oa_template={"scope": "account", "every": "day", "limit": 10})
    first = make_reachable(in_riverside, OA)
    people = [first, *(make_reachable(in_riverside, account=first.account) for _ in range(13))]
    people += [make_reachable(in_riverside, account=first.account, consents=()) for _ in range(2)]
    ids = [one.patient.pk for one in people]

    found = queries.forecast(in_riverside.pk, FOLLOW_UP, ids)

    assert (found.chosen, found.reachable, found.refused) == (16, 10, 6)
    assert found.by_reason == {"quota_short": 4, "no_consent": 2}
    assert not Delivery.objects.exists()
    for one in people:
        make_intent(one, "message", priority="follow_up")
    claimed = 0
    while taken := actions.claim_deliveries(in_riverside.pk):
        claimed += len(taken)
    assert claimed == found.reachable
    assert Intent.objects.filter(state=Intent.State.REFUSED).count() == found.refused


def test_education_meets_what_is_kept_for_care(in_riverside: Hospital, noon: object) -> None:
    del noon
    limit_to(in_riverside, quotas__oa_template={"scope": "account", "every": "day", "limit": 10})
    first = make_reachable(in_riverside, OA)
    people = [first, *(make_reachable(in_riverside, account=first.account) for _ in range(11))]

    found = queries.forecast(in_riverside.pk, EDUCATION, [one.patient.pk for one in people])

    assert (found.reachable, found.refused) == (8, 4)


def test_a_forecast_of_many_asks_as_often_as_of_few(in_riverside: Hospital, noon: object) -> None:
    del noon
    first = make_reachable(in_riverside, OA)
    people = [first, *(make_reachable(in_riverside, account=first.account) for _ in range(30))]
    ids = [one.patient.pk for one in people]

    def count(wanted: list[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            queries.forecast(in_riverside.pk, FOLLOW_UP, wanted)
        return len(captured)

    assert count(ids) == count(ids[:2])


# ---- budgets of money ---------------------------------------------------------------------


def test_a_budget_that_runs_out_keeps_its_last_part_for_care(
    riverside: Hospital, admin: Staff
) -> None:
    reachable = make_reachable(riverside, Account.Kind.SMS, consents=("reminders", "sms_phone"))
    account, other = reachable.account, make_staff(riverside, role="operator")
    with scope(riverside):
        price = channels.enter_price(
            account, unit_fen=Decimal(10), valid_from=date(2026, 1, 1), source="合同", by=admin
        )
        channels.approve_price(price, by=other)
        channels.set_budget(account, month_fen=100, by=admin)

    assert answers_of(reachable) == ("claimed", "claimed")
    spend(account, "a", 9)
    assert answers_of(reachable) == ("budget_reserved", "claimed")
    spend(account, "b", 1)
    assert answers_of(reachable) == ("budget_used_up", "budget_used_up")


def spend(account: Account, key: str, count: int) -> None:
    """Let so many messages of one segment go out."""
    with scope(account.hospital_id):
        billed = [channels.Billed(f"{key}{n}", 1, is_estimate=False) for n in range(count)]
        channels.record_costs(account.hospital_id, account.pk, billed)


def answers_of(reachable: Reachable) -> tuple[str, str]:
    """Ask the gate about one piece of education and one follow-up by text message."""
    found = []
    with scope(reachable.patient.hospital_id):
        house = load_house(reachable.patient.hospital_id)
        inputs = load_inputs(house, [reachable.patient.pk])
        [address] = inputs.addresses(reachable.patient.pk, None)
        for message in (EDUCATION, FOLLOW_UP):
            answer = check_carrier("sms", address, message, house.settings, house.now)
            found.append(answer.code if isinstance(answer, Reason) else "claimed")
    return found[0], found[1]
