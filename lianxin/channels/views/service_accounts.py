"""Console page: the corp's customer service accounts, as wanted and as the provider has them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import actions, reasons
from lianxin.channels.forms.service_accounts import NewNameForm, ServiceAccountForm
from lianxin.channels.models import Account, ServiceAccount
from lianxin.channels.queries import service_accounts as service_queries
from lianxin.channels.rules import service_accounts as rules
from lianxin.channels.views.servicers import access_kf
from lianxin.channels.views.states import State
from lianxin.web.http import StaffRequest, staff_view

PAGE = "channels/service_accounts.html"


@dataclass(frozen=True)
class ServiceRow:
    row: ServiceAccount
    state: State
    # The channel that answers for it here, if there is one.
    channel: Account | None

    @property
    def may_change(self) -> bool:
        return self.row.is_wanted and (self.row.is_managed or not self.row.is_listed)

    @property
    def may_connect(self) -> bool:
        is_there = self.row.is_wanted and self.row.is_listed and self.row.is_managed
        return is_there and self.channel is None


UNDER_WAY = {
    rules.MAKE: (gettext_lazy("没有建成"), gettext_lazy("正在新建")),
    rules.RENAME: (gettext_lazy("没有改名"), gettext_lazy("正在改名")),
    rules.REMOVE: (gettext_lazy("没有删除"), gettext_lazy("正在删除")),
}


def state_of(row: ServiceAccount, channel: Account | None) -> State:
    step = service_queries.service_step(row)
    if step in UNDER_WAY:
        failed, running = UNDER_WAY[step]
        if row.failure_code:
            return State(str(failed), "danger", reasons.sentence_of(row.failure_code))
        return State(str(running), "accent", _("正在告诉企业微信。"))
    if not row.is_managed:
        return State(_("没有授权"), "warn", reasons.sentence_of("kf_not_managed"))
    if channel is None:
        return State(_("未接入"), "line", _("患者写来的消息只在企业微信客户端里。"))
    if not channel.is_active:
        return State(_("已停用"), "line", _("接入的渠道停用了。"))
    return State(_("已接入"), "ok", "")


def show(
    request: StaffRequest, account: Account, form: ServiceAccountForm, status: int = 200
) -> HttpResponse:
    connected = service_queries.list_connected(account.hospital_id)
    found = service_queries.list_service_accounts(account)
    channels = [connected.get(one.open_kfid) if one.open_kfid else None for one in found]
    rows = [
        ServiceRow(one, state_of(one, channel), channel)
        for one, channel in zip(found, channels, strict=True)
    ]
    context = {
        "account": account,
        "rows": rows,
        "form": form,
        "may_manage": request.staff.may("channel.manage"),
    }
    return render(request, PAGE, context, status=status)


@require_GET
@staff_view("channel.read")
def service_accounts(request: StaffRequest, key: str) -> HttpResponse:
    return show(request, access_kf(request, key), ServiceAccountForm())


@require_POST
@staff_view("channel.manage")
def add_service_account(request: StaffRequest, key: str) -> HttpResponse:
    account = access_kf(request, key)
    form = ServiceAccountForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, account, form, status=422)
    given = form.cleaned_data
    actions.want_service_account(account, given["name"], picture=given["picture"], by=request.staff)
    messages.success(request, _("客服账号正在新建，几秒后就好。"))
    return redirect("channels:service_accounts", key)


@require_POST
@staff_view("channel.manage")
def rename_service_account(request: StaffRequest, key: str, service_key: str) -> HttpResponse:
    account = access_kf(request, key)
    row = service_queries.access_service_account(request.staff, account, service_key)
    form = NewNameForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.fault)
        return show(request, account, ServiceAccountForm(), status=422)
    actions.rename_service_account(row, form.cleaned_data["name"], by=request.staff)
    messages.success(request, _("已改名，正在告诉企业微信。"))
    return redirect("channels:service_accounts", key)


@require_POST
@staff_view("channel.manage")
def remove_service_account(request: StaffRequest, key: str, service_key: str) -> HttpResponse:
    account = access_kf(request, key)
    row = service_queries.access_service_account(request.staff, account, service_key)
    actions.give_up_service_account(row, by=request.staff)
    messages.success(request, _("正在企业微信里删除。"))
    return redirect("channels:service_accounts", key)


@require_POST
@staff_view("channel.manage")
def connect_service_account(request: StaffRequest, key: str, service_key: str) -> HttpResponse:
    """Answer for this account here: a channel of its own, checked at once."""
    account = access_kf(request, key)
    row = service_queries.access_service_account(request.staff, account, service_key)
    made = actions.connect_service_account(row, by=request.staff)
    actions.request_check(made, by=request.staff)
    messages.success(request, _("已接入，正在检查。"))
    return redirect("channels:account", made.key)
