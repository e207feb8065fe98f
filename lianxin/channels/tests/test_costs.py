"""Costs: counted once, by the provider's word where it gives one; prices need two people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from lianxin.channels import actions, queries
from lianxin.channels.actions import Billed
from lianxin.channels.adapters.base import Outbound, SendFailed, Sent
from lianxin.channels.models import Account, CostLine, Price, StaffNotice
from lianxin.channels.queries import facts_of
from lianxin.channels.rules.costs import OPEN, REACHED, WARNED, Segments, Spending
from lianxin.channels.sending import bill
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account
from lianxin.testing.staff import make_staff

SMS = Segments(single=70, part=67)


@pytest.fixture
def sms(riverside: Hospital) -> Account:
    return make_account(riverside, Account.Kind.SMS, sign_name="河畔医院")


@pytest.fixture
def operator(riverside: Hospital) -> Staff:
    return make_staff(riverside, role="operator")


def agree(account: Account, enters: Staff, checks: Staff, fen: str = "4.5") -> Price:
    with scope(account.hospital_id):
        price = actions.enter_price(
            account,
            unit_fen=Decimal(fen),
            valid_from=date(2026, 1, 1),
            source="合同 2026-01",
            by=enters,
        )
        actions.approve_price(price, by=checks)
        return price


def spending(account: Account) -> Spending:
    with scope(account.hospital_id):
        today = time.today(account.hospital)
        return queries.spending_of(account.hospital_id, [account.pk], today)[account.pk]


def record(account: Account, *billed: Billed) -> None:
    with scope(account.hospital_id):
        actions.record_costs(account.hospital_id, account.pk, billed)


@pytest.mark.parametrize(
    ("length", "count"), [(0, 1), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
)
def test_a_text_is_cut_as_the_row_says(length: int, count: int) -> None:
    assert queries.segments() == SMS
    assert SMS.count("好" * length) == count


@given(st.text(max_size=400))
def test_segments_hold_the_whole_text(text: str) -> None:
    count = SMS.count(text)

    assert count >= 1
    assert len(text) <= (SMS.single if count == 1 else count * SMS.part)


@example(spent=Decimal("288.918"), count=271, unit=Decimal("0.001"), budget=288918)
@given(
    spent=st.decimals(0, 10**7, places=3),
    count=st.integers(0, 10**5),
    unit=st.decimals("0.001", 100, places=3),
    budget=st.integers(1, 10**7),
)
def test_a_budget_in_messages_never_allows_more_than_the_money(
    spent: Decimal, count: int, unit: Decimal, budget: int
) -> None:
    money = Spending(spent, count, unit, budget)
    found = money.as_messages()

    assert found is not None
    limit, used = found
    each = money.message_fen
    assert each is not None
    assert spent + max(0, limit - used) * each <= max(Decimal(budget), spent)
    assert (money.stands(80) == REACHED) == (spent >= budget)


def test_a_cost_is_counted_once_and_real_units_replace_ours(
    sms: Account, admin: Staff, operator: Staff
) -> None:
    agree(sms, operator, admin)
    record(sms, Billed("d1", 1, is_estimate=True), Billed("d2", 0, is_estimate=False))
    record(sms, Billed("d1", 2, is_estimate=False))
    record(sms, Billed("d1", 3, is_estimate=True))

    with scope(sms.hospital_id):
        [line] = CostLine.objects.all()
    assert (line.units, line.is_estimate) == (2, False)
    assert spending(sms).spent_fen == Decimal("9.0")


def test_the_provider_counts_where_it_says_and_we_where_it_does_not(sms: Account) -> None:
    texts = [Outbound(f"k{n}", "sms", text="好" * 70) for n in range(4)]
    results: list[Sent | SendFailed] = [
        Sent("k0", billed_units=3),
        Sent("k1"),
        SendFailed("outcome_unknown", permanent=True),
        SendFailed("patient_refuses", permanent=True),
    ]

    found = bill(facts_of(sms), texts, results)

    # 【河畔医院】 makes two segments of seventy characters.
    assert [(one.units, one.is_estimate) for one in found] == [(3, False), (2, True), (2, True)]


def test_a_price_counts_only_when_another_has_checked_it(
    sms: Account, admin: Staff, operator: Staff
) -> None:
    record(sms, Billed("d1", 1, is_estimate=False))
    with scope(sms.hospital_id):
        price = actions.enter_price(
            sms, unit_fen=Decimal(5), valid_from=date(2026, 1, 1), source="合同", by=admin
        )
        with pytest.raises(RefusedError):
            actions.approve_price(price, by=admin)
        with pytest.raises(RefusedError):
            actions.set_budget(sms, month_fen=100, by=admin)
        assert spending(sms).unit_fen is None
        actions.approve_price(price, by=operator)
        with pytest.raises(RefusedError):
            actions.approve_price(price, by=operator)

    assert spending(sms).spent_fen == 5


def test_whoever_set_the_budget_is_told_once_at_each_line(
    sms: Account, admin: Staff, operator: Staff
) -> None:
    agree(sms, operator, admin, fen="10")
    with scope(sms.hospital_id):
        actions.set_budget(sms, month_fen=100, by=admin)
    record(sms, Billed("a", 7, is_estimate=False))
    assert spending(sms).stands(80) == OPEN
    record(sms, Billed("b", 1, is_estimate=False))
    record(sms, Billed("c", 1, is_estimate=False))
    assert spending(sms).stands(80) == WARNED
    record(sms, Billed("d", 1, is_estimate=False))
    record(sms, Billed("e", 1, is_estimate=False))

    with scope(sms.hospital_id):
        told = list(Event.objects.filter(name__startswith="budget.").order_by("at", "id"))
        assert StaffNotice.objects.filter(staff=admin).count() == 2
    assert [one.name for one in told] == ["budget.set", "budget.warned", "budget.reached"]


def test_the_page_takes_price_check_and_budget(
    as_admin: Client, sms: Account, operator: Staff
) -> None:
    price = {"unit_fen": "4.5", "valid_from": "2026-01-01", "source": "合同 7"}
    assert as_admin.post(f"/settings/costs/{sms.key}/price/", price).status_code == 302
    with scope(sms.hospital_id):
        entered = Price.objects.get()
    assert as_admin.post(f"/settings/prices/{entered.key}/approve/").status_code == 409
    with scope(sms.hospital_id):
        actions.approve_price(entered, by=operator)
    record(sms, Billed("d1", 100, is_estimate=False))

    assert as_admin.post(f"/settings/costs/{sms.key}/budget/", {"yuan": "5"}).status_code == 302
    page = as_admin.get("/settings/costs/").content.decode()

    assert "本月 4.50 元" in page
    assert "预算快用完" in page


@pytest.mark.parametrize(
    "bad",
    [
        {"unit_fen": "-1"},
        {"unit_fen": "NaN"},
        {"unit_fen": "1e9"},
        {"valid_from": "2026-13-01"},
        {"source": ""},
    ],
)
def test_a_wrong_price_is_said_in_words(
    as_admin: Client, sms: Account, bad: dict[str, str]
) -> None:
    price = {"unit_fen": "4.5", "valid_from": "2026-01-01", "source": "合同"} | bad

    assert as_admin.post(f"/settings/costs/{sms.key}/price/", price).status_code == 422
    assert as_admin.post(f"/settings/costs/{sms.key}/budget/", {"yuan": "x"}).status_code == 422
