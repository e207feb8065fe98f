"""Console pages: what text messages and calls cost, agreed prices, monthly budgets."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import actions, queries
from lianxin.channels.forms.costs import BudgetForm, PriceForm
from lianxin.channels.models import Account, Budget, Price
from lianxin.channels.queries import Month
from lianxin.channels.rules.costs import OPEN, REACHED
from lianxin.channels.views.accounts import KINDS
from lianxin.channels.views.states import State
from lianxin.core import time
from lianxin.web.http import StaffRequest, staff_view


@dataclass(frozen=True)
class CostCard:
    """One account on the page."""

    account: Account
    kind: str | Promise
    spent: str
    budget: Budget | None
    budget_yuan: str
    percent: int
    state: State
    months: list[tuple[Month, str, str]]
    prices: list[Price]
    price_form: PriceForm
    budget_form: BudgetForm


def yuan(fen: Decimal | int) -> str:
    return f"{Decimal(fen) / 100:,.2f}"


@require_GET
@staff_view("channel.read")
def costs(request: StaffRequest) -> HttpResponse:
    return show_costs(request)


def show_costs(
    request: StaffRequest,
    account: Account | None = None,
    price_form: PriceForm | None = None,
    budget_form: BudgetForm | None = None,
) -> HttpResponse:
    """Show every billed account; a form with faults stands in its own account's card."""
    accounts = queries.list_billed_accounts(request.staff)
    today = time.today(request.staff.hospital)
    spending = queries.spending_of(request.staff.hospital_id, [one.pk for one in accounts], today)
    cards = []
    for one in accounts:
        is_asked = account is not None and one.pk == account.pk
        money = spending[one.pk]
        budget = queries.find_budget(one)
        share = money.spent_fen * 100 / money.budget_fen if money.budget_fen else Decimal(0)
        card = CostCard(
            one,
            KINDS[one.kind],
            yuan(money.spent_fen),
            budget,
            yuan(budget.month_fen) if budget else "",
            min(int(share), 100),
            state_of(money.stands(queries.warn_percent()), has_budget=budget is not None),
            [
                (month, yuan(month.spent_fen), yuan(month.estimated_fen))
                for month in queries.list_months(one)
            ],
            queries.list_prices(one),
            (is_asked and price_form) or PriceForm(initial={"valid_from": today}),
            (is_asked and budget_form) or BudgetForm(),
        )
        cards.append(card)
    total = sum((money.spent_fen for money in spending.values()), Decimal(0))
    context = {
        "cards": cards,
        "total": yuan(total),
        "may_manage": request.staff.may("channel.manage"),
        "me": request.staff.pk,
    }
    status = 422 if account is not None else 200
    return render(request, "channels/costs.html", context, status=status)


def state_of(stands: str, *, has_budget: bool) -> State:
    if not has_budget:
        return State(_("没有预算"), "line", _("没有上限，会一直发。"))
    if stands == REACHED:
        return State(_("预算已用完"), "danger", _("一般短信停发，下个月恢复。"))
    if stands == OPEN:
        return State(_("预算内"), "ok", "")
    return State(_("预算快用完"), "warn", _("余下的留给复诊、用药这类消息。"))


@require_POST
@staff_view("channel.manage")
def enter_price(request: StaffRequest, key: str) -> HttpResponse:
    account = queries.access_billed_account(request.staff, key)
    form = PriceForm(request.POST)
    if not form.is_valid():
        return show_costs(request, account, price_form=form)
    actions.enter_price(account, by=request.staff, **form.cleaned_data)
    messages.success(request, _("已记下，等另一位同事核对后生效。"))
    return redirect("channels:costs")


@require_POST
@staff_view("channel.manage")
def approve_price(request: StaffRequest, key: str) -> HttpResponse:
    actions.approve_price(queries.access_price(request.staff, key), by=request.staff)
    messages.success(request, _("价格已确认，从这一刻起按它算。"))
    return redirect("channels:costs")


@require_POST
@staff_view("channel.manage")
def set_budget(request: StaffRequest, key: str) -> HttpResponse:
    account = queries.access_billed_account(request.staff, key)
    form = BudgetForm(request.POST)
    if not form.is_valid():
        return show_costs(request, account, budget_form=form)
    actions.set_budget(account, month_fen=form.month_fen, by=request.staff)
    messages.success(request, _("预算已设。"))
    return redirect("channels:costs")
