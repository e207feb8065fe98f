"""Reads of prices, budgets and what was spent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, Sum

from lianxin.channels.adapters.reactions import read_limits
from lianxin.channels.models import Account, Budget, CostLine, Price, StaffCall
from lianxin.channels.rules.costs import Segments, Spending
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import Hospital

# Kinds of accounts whose provider asks for money by message or minute.
BILLED = (Account.Kind.SMS, Account.Kind.VOICE)
MONTHS_SHOWN = 6
NEVER_RANG = (StaffCall.State.WAITING, StaffCall.State.CLAIMED, StaffCall.State.CANCELLED)


def segments() -> Segments:
    return Segments.of(read_limits()["segments"]["sms"])


def warn_percent() -> int:
    return int(read_limits()["facts"]["budget_warn_percent"])


def month_of(day: date) -> date:
    return day.replace(day=1)


def as_fen(millifen: int | None) -> Decimal:
    return Decimal(millifen or 0) / 1000


def find_price(account_id: int, on: date) -> int | None:
    """Return the approved price of a day in thousandths of a fen; None where there is none."""
    rows = Price.objects.filter(
        account_id=account_id, approved_at__isnull=False, valid_from__lte=on
    )
    return rows.order_by("-valid_from", "-id").values_list("unit_millifen", flat=True).first()


def spending_of(
    hospital_id: int, account_ids: Collection[int], today: date
) -> Mapping[int, Spending]:
    """Return this month of each billed account: spent, budget, price."""
    if not account_ids:
        return {}
    budgets = dict(
        Budget.objects.filter(hospital_id=hospital_id, account_id__in=account_ids).values_list(
            "account_id", "month_fen"
        )
    )
    sums = {
        account_id: (as_fen(spent), count)
        for account_id, spent, count in CostLine.objects.filter(
            hospital_id=hospital_id, account_id__in=account_ids, month=month_of(today)
        )
        .values_list("account_id")
        .annotate(spent=Sum(F("units") * F("unit_millifen")), count=Count("pk"))
        .order_by()
    }
    return {
        account_id: Spending(
            *sums.get(account_id, (Decimal(0), 0)),
            unit_fen=None if (unit := find_price(account_id, today)) is None else as_fen(unit),
            budget_fen=budgets.get(account_id),
        )
        for account_id in account_ids
    }


@dataclass(frozen=True)
class Month:
    """One account in one month, as the page shows it."""

    on: date
    spent_fen: Decimal
    estimated_fen: Decimal
    count: int
    unpriced_count: int


def list_months(account: Account) -> list[Month]:
    cost = F("units") * F("unit_millifen")
    rows = (
        CostLine.objects.filter(hospital_id=account.hospital_id, account=account)
        .values_list("month")
        .annotate(
            spent=Sum(cost),
            estimated=Sum(cost, filter=Q(is_estimate=True)),
            count=Count("pk"),
            unpriced=Count("pk", filter=Q(unit_millifen=None)),
        )
        .order_by("-month")
    )
    return [
        Month(on, as_fen(spent), as_fen(estimated), count, unpriced)
        for on, spent, estimated, count, unpriced in rows[:MONTHS_SHOWN]
    ]


def list_billed_accounts(actor: Actor) -> list[Account]:
    if not actor.may("channel.read"):
        raise ForbiddenError
    rows = Account.objects.of(actor.hospital_id).filter(kind__in=BILLED)
    return list(rows.order_by("kind", "name", "id"))


def list_prices(account: Account) -> list[Price]:
    rows = Price.objects.filter(hospital_id=account.hospital_id, account=account)
    return list(
        rows.select_related("entered_by", "approved_by").order_by("-valid_from", "-id")[:20]
    )


def find_budget(account: Account) -> Budget | None:
    rows = Budget.objects.filter(hospital_id=account.hospital_id, account=account)
    return rows.select_related("set_by").first()


def access_price(actor: Actor, key: str) -> Price:
    price = Price.objects.filter(hospital_id=actor.hospital_id, key=key).first()
    if price is None:
        raise NotFoundError
    if not actor.may("channel.read"):
        raise ForbiddenError
    return price


def access_billed_account(actor: Actor, key: str) -> Account:
    account = Account.objects.of(actor.hospital_id).filter(key=key, kind__in=BILLED).first()
    if account is None:
        raise NotFoundError
    if not actor.may("channel.read"):
        raise ForbiddenError
    return account


@dataclass(frozen=True)
class AlertCalls:
    """What ringing about red alerts came to in one month."""

    placed: int
    answered: int
    minutes: int
    spent_fen: Decimal
    estimated_fen: Decimal


def count_alert_calls(hospital: Hospital, account: Account, today: date) -> AlertCalls:
    """Count this month's calls about alerts; one that nobody answered is placed and costs nothing.

    Whose key begins so was asked for by an alert: `health.actions.calls`.
    """
    first = month_of(today)
    since = datetime(first.year, first.month, 1, tzinfo=ZoneInfo(hospital.time_zone))
    rows = StaffCall.objects.filter(
        hospital_id=hospital.pk, account=account, dedupe_key__startswith="alert:"
    )
    calls = dict(rows.filter(created_at__gte=since).values_list("pk", "state"))
    lines = CostLine.objects.filter(
        hospital_id=hospital.pk, account=account, line_key__in=[f"call-{pk}" for pk in calls]
    )
    cost = F("units") * F("unit_millifen")
    sums = lines.aggregate(
        minutes=Sum("units"), spent=Sum(cost), estimated=Sum(cost, filter=Q(is_estimate=True))
    )
    return AlertCalls(
        placed=sum(state not in NEVER_RANG for state in calls.values()),
        answered=sum(state == StaffCall.State.ANSWERED for state in calls.values()),
        minutes=sums["minutes"] or 0,
        spent_fen=as_fen(sums["spent"]),
        estimated_fen=as_fen(sums["estimated"]),
    )


def call_costs(hospital_id: int, line_keys: Collection[str]) -> dict[str, CostLine]:
    rows = CostLine.objects.filter(hospital_id=hospital_id, line_key__in=line_keys)
    return {row.line_key: row for row in rows}
