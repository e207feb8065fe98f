"""Console page: which subscribe notices an Official Account has, and what each is used for."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import queries
from lianxin.channels.actions.subscribe_templates import use_subscribe_template
from lianxin.channels.forms.subscribe_templates import UsesForm
from lianxin.channels.models import Account, SubscribeTemplate
from lianxin.channels.queries.subscribe_templates import (
    access_subscribe_template,
    list_subscribe_templates,
)
from lianxin.channels.views.states import State
from lianxin.channels.words.subscribe_templates import (
    KIND_WORDS,
    USE_WORDS,
    describe_keys,
    fault_of,
)
from lianxin.core.errors import NotFoundError
from lianxin.web.http import StaffRequest, staff_view

PAGE = "channels/subscribe_templates.html"


@dataclass(frozen=True)
class TemplateRow:
    template: SubscribeTemplate
    kind: str | Promise
    keys: list[tuple[str, str]]
    uses: list[str | Promise]
    state: State
    form: UsesForm | None


def state_of(template: SubscribeTemplate) -> State:
    if fault := fault_of(template):
        return State(_("不能用"), "warn", fault)
    if template.uses:
        return State(_("在用"), "ok", "")
    return State(_("没有用"), "line", _("选好用来发什么，再请患者订阅。"))


def make_row(template: SubscribeTemplate, *, may_manage: bool) -> TemplateRow:
    state = state_of(template)
    may_change = may_manage and (template.uses or not fault_of(template))
    form = UsesForm(initial={"uses": template.uses}, key=template.key) if may_change else None
    words = [words for use, words in USE_WORDS.items() if use in template.uses]
    kind = KIND_WORDS[template.kind]
    return TemplateRow(template, kind, describe_keys(template), list(words), state, form)


@require_GET
@staff_view("channel.read")
def subscribe_templates(request: StaffRequest, key: str) -> HttpResponse:
    account = queries.access_account(request.staff, key)
    if account.kind != Account.Kind.OFFICIAL_ACCOUNT:
        raise NotFoundError
    may_manage = request.staff.may("channel.manage")
    rows = [make_row(one, may_manage=may_manage) for one in list_subscribe_templates(account)]
    context = {
        "account": account,
        "rows": rows,
        "used": sum(bool(row.template.uses) and not fault_of(row.template) for row in rows),
        "read_at": max((row.template.read_at for row in rows), default=None),
        "may_manage": may_manage,
    }
    return render(request, PAGE, context)


@require_POST
@staff_view("channel.manage")
def use_template(request: StaffRequest, key: str, template_key: str) -> HttpResponse:
    template = access_subscribe_template(request.staff, key, template_key)
    form = UsesForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("没有这种用途，请从页面上的几项里选。"))
        return redirect("channels:subscribe_templates", key)
    use_subscribe_template(template, form.cleaned_data["uses"], by=request.staff)
    messages.success(request, _("已保存。"))
    return redirect("channels:subscribe_templates", key)
