"""Console page: who serves a customer service account, as wanted and as the provider has it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import actions, queries, reasons
from lianxin.channels.forms.servicers import ServicersForm
from lianxin.channels.models import Account, Servicer
from lianxin.channels.views.states import State
from lianxin.core.errors import NotFoundError
from lianxin.staff.queries import find_many_by_wecom
from lianxin.web.http import StaffRequest, staff_view

PAGE = "channels/servicers.html"


@dataclass(frozen=True)
class ServicerRow:
    servicer: Servicer
    name: str
    state: State


def state_of(servicer: Servicer) -> State:
    why = reasons.sentence_of(servicer.failure_code) if servicer.failure_code else ""
    if servicer.is_wanted and not servicer.is_listed:
        return State(_("没有加上"), "danger", why) if why else State(_("正在添加"), "accent", "")
    if servicer.is_listed and not servicer.is_wanted:
        return State(_("没有移走"), "danger", why) if why else State(_("正在移走"), "accent", "")
    if servicer.is_paused:
        return State(_("暂停接待"), "warn", _("他在企业微信里暂停了接待。"))
    return State(_("接待中"), "ok", "")


def access_kf(request: StaffRequest, key: str) -> Account:
    found = queries.access_account(request.staff, key)
    if found.kind != Account.Kind.WECOM_KF:
        raise NotFoundError
    return found


def show(
    request: StaffRequest, account: Account, form: ServicersForm, status: int = 200
) -> HttpResponse:
    found = queries.list_servicers(account)
    people = find_many_by_wecom(account.hospital_id, [one.userid for one in found])
    names = {userid: one.name for userid, one in people.items()}
    rows = [ServicerRow(one, names.get(one.userid, one.userid), state_of(one)) for one in found]
    context = {
        "account": account,
        "rows": rows,
        "receiving": sum(one.is_listed and not one.is_paused for one in found),
        "form": form,
        "may_manage": request.staff.may("channel.manage"),
    }
    return render(request, PAGE, context, status=status)


@require_GET
@staff_view("channel.read")
def servicers(request: StaffRequest, key: str) -> HttpResponse:
    account = access_kf(request, key)
    return show(request, account, ServicersForm(account))


@require_POST
@staff_view("channel.manage")
def add_servicers(request: StaffRequest, key: str) -> HttpResponse:
    account = access_kf(request, key)
    form = ServicersForm(account, request.POST)
    if not form.is_valid():
        return show(request, account, form, status=422)
    count = actions.want_servicers(account, form.staff_chosen, by=request.staff)
    said = ngettext(
        "已添加 %(count)s 位，正在告诉企业微信。", "已添加 %(count)s 位，正在告诉企业微信。", count
    )
    messages.success(request, said % {"count": count})
    return redirect("channels:servicers", key)


@require_POST
@staff_view("channel.manage")
def dismiss_servicer(request: StaffRequest, key: str, servicer_key: str) -> HttpResponse:
    account = access_kf(request, key)
    found = queries.access_servicer(request.staff, account, servicer_key)
    actions.dismiss_servicer(found, by=request.staff)
    messages.success(request, _("已移走，正在告诉企业微信。"))
    return redirect("channels:servicers", key)
