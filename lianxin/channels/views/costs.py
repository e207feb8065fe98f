"""Console pages: what text messages and calls cost, agreed prices, monthly budgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
from lianxin.channels.queries.costs import count_alert_calls
from lianxin.channels.rules.costs import OPEN, REACHED
from lianxin.channels.views.accounts import KINDS
from lianxin.channels.views.states import State
from lianxin.core import time
from lianxin.core.models import Hospital
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
    # Of an account for calls: what ringing about red alerts came to this month.
    alert_calls: str


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
            state_of(one, money.stands(queries.warn_percent()), has_budget=budget is not None),
            [
                (month, yuan(month.spent_fen), yuan(month.estimated_fen))
                for month in queries.list_months(one)
            ],
            queries.list_prices(one),
            (is_asked and price_form) or PriceForm(initial={"valid_from": today}),
            (is_asked and budget_form) or BudgetForm(),
            alert_calls_sentence(request.staff.hospital, one, today),
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


def alert_calls_sentence(hospital: Hospital, account: Account, today: date) -> str:
    if account.kind != Account.Kind.VOICE:
        return ""
    found = count_alert_calls(hospital, account, today)
    if not found.placed:
        return _("本月没有为红色预警打过电话。")
    facts = {
        "placed": found.placed,
        "answered": found.answered,
        "minutes": found.minutes,
        "spent": yuan(found.spent_fen),
        "estimated": yuan(found.estimated_fen),
    }
    return (
        _(
            "本月为红色预警打了 %(placed)d 个电话，接通 %(answered)d 个，"
            "计费 %(minutes)d 分钟，%(spent)s 元（其中估算 %(estimated)s 元）。"
        )
        % facts
    )


def state_of(account: Account, stands: str, *, has_budget: bool) -> State:
    if account.kind == Account.Kind.VOICE:
        return state_of_calls(stands, has_budget=has_budget)
    if not has_budget:
        return State(_("没有预算"), "line", _("没有上限，会一直发。"))
    if stands == REACHED:
        return State(_("预算已用完"), "danger", _("一般短信停发，下个月恢复。"))
    if stands == OPEN:
        return State(_("预算内"), "ok", "")
    return State(_("预算快用完"), "warn", _("余下的留给复诊、用药这类消息。"))


def state_of_calls(stands: str, *, has_budget: bool) -> State:
    """Say how the month stands; money never stops a call about an alert, and the page says so."""
    goes_on = _("告警电话从不因为预算停打。")
    if not has_budget:
        return State(_("没有预算"), "line", goes_on)
    if stands == REACHED:
        return State(_("已超过预算"), "warn", goes_on)
    if stands == OPEN:
        return State(_("预算内"), "ok", goes_on)
    return State(_("预算快用完"), "warn", goes_on)


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
