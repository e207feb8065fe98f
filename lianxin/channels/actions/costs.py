"""Writes of prices, budgets and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lianxin.channels import queries
from lianxin.channels.actions.notices import notify_staff
from lianxin.channels.models import Account, Budget, CostLine, Price
from lianxin.channels.rules.costs import OPEN, REACHED
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


@dataclass(frozen=True)
class Billed:
    """What one message or call was billed with."""

    line_key: str
    units: int
    is_estimate: bool


@transaction.atomic
def enter_price(
    account: Account, *, unit_fen: Decimal, valid_from: date, source: str, by: Staff
) -> Price:
    """Write down what the contract says. It counts when somebody else has approved it."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    price = Price.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        unit_millifen=int(unit_fen * 1000),
        valid_from=valid_from,
        source=source,
        entered_by=by,
        entered_at=time.now(),
    )
    tell("price.entered", account, by, unit_fen=str(unit_fen), valid_from=str(valid_from))
    return price


@transaction.atomic
def approve_price(price: Price, *, by: Staff) -> None:
    """Let a price count; the person who entered it may not."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if price.entered_by_id == by.pk:
        raise RefusedError(_("价格要由另一位同事核对后确认。"))
    done = Price.objects.filter(pk=price.pk, approved_at=None).update(
        approved_by=by, approved_at=time.now()
    )
    if not done:
        raise RefusedError(_("这个价格已经确认过了。"))
    price_lines(price)
    tell("price.approved", price.account, by, unit_fen=str(price.unit_fen))


def price_lines(price: Price) -> None:
    """Give their price to the lines that had none, from the day it is valid."""
    CostLine.objects.filter(
        hospital_id=price.hospital_id,
        account_id=price.account_id,
        unit_millifen=None,
        at__date__gte=price.valid_from,
    ).update(unit_millifen=price.unit_millifen)


@transaction.atomic
def set_budget(account: Account, *, month_fen: int, by: Staff) -> Budget:
    """Say what the account may cost in a month. Refused while no price counts."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    hospital = Hospital.objects.get(pk=account.hospital_id)
    if queries.find_price(account.pk, time.today(hospital)) is None:
        raise RefusedError(_("先要有确认过的价格，才能按预算停发。"))
    budget, _made = Budget.objects.update_or_create(
        account=account,
        defaults={
            "hospital_id": account.hospital_id,
            "month_fen": month_fen,
            "set_by": by,
            "set_at": time.now(),
            "warned_on": None,
            "reached_on": None,
        },
    )
    tell("budget.set", account, by, month_fen=month_fen)
    return budget


@transaction.atomic
def record_costs(hospital_id: int, account_id: int, billed: Sequence[Billed]) -> None:
    """Keep what was billed. Told again, a line only becomes surer: real units replace ours."""
    lines = [one for one in billed if one.units]
    if not lines:
        return
    hospital = Hospital.objects.get(pk=hospital_id)
    today = time.today(hospital)
    unit_millifen = queries.find_price(account_id, today)
    rows = [
        CostLine(
            hospital_id=hospital_id,
            account_id=account_id,
            line_key=one.line_key,
            month=queries.month_of(today),
            units=one.units,
            is_estimate=one.is_estimate,
            unit_millifen=unit_millifen,
            at=time.now(),
        )
        for one in lines
    ]
    CostLine.objects.bulk_create(rows, ignore_conflicts=True)
    for one in lines:
        if not one.is_estimate:
            CostLine.objects.filter(
                account_id=account_id, line_key=one.line_key, is_estimate=True
            ).update(units=one.units, is_estimate=False)
    warn(hospital_id, account_id, today)


def warn(hospital_id: int, account_id: int, today: date) -> None:
    """Tell whoever set the budget, once a month at each of its two lines."""
    spending = queries.spending_of(hospital_id, [account_id], today)[account_id]
    stands = spending.stands(queries.warn_percent())
    if stands == OPEN:
        return
    field = "reached_on" if stands == REACHED else "warned_on"
    month = queries.month_of(today)
    rows = Budget.objects.filter(hospital_id=hospital_id, account_id=account_id)
    fresh = rows.filter(Q(**{field: None}) | Q(**{f"{field}__lt": month}))
    if not fresh.update(**{field: today}):
        return
    budget = rows.get()
    account = Account.objects.get(pk=account_id)
    is_voice = account.kind == Account.Kind.VOICE
    words = {
        True: _("本月电话费已到预算。告警电话照常拨打，不会因此停下。")
        if is_voice
        else _("本月费用已到预算。一般短信停发，留到下个月；告警电话和验证码照常。"),
        False: _("本月费用已到预算的 %(percent)s%%。") % {"percent": queries.warn_percent()},
    }[stands == REACHED]
    notify_staff(
        hospital_id,
        budget.set_by_id,
        text=words,
        path="/settings/costs/",
        dedupe_key=f"budget:{account_id}:{month}:{stands}",
    )
    tell(f"budget.{stands}", account, SystemActor(hospital_id), spent_fen=str(spending.spent_fen))


def tell(name: str, account: Account, by: Actor, **data: object) -> None:
    events.record(
        name,
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.pk,
        by=by,
        data={"kind": account.kind, **data},
    )
