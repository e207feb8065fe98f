"""Console page: the menu under an Official Account's chat, with how it looks there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lianxin.channels import actions, queries, reasons
from lianxin.channels.catalog import proposed_menu
from lianxin.channels.forms.menus import MenuForm, initial_of
from lianxin.channels.models import Account, OfficialMenu
from lianxin.channels.views.states import State
from lianxin.core.errors import NotFoundError
from lianxin.web.http import StaffRequest, staff_view


def state_of(menu: OfficialMenu | None) -> State:
    if menu is None:
        return State(_("还没有"), "line", _("下面是建议的菜单，改好后保存。"))
    if menu.failure_code:
        return State(_("没有发布"), "danger", reasons.sentence_of(menu.failure_code))
    if menu.revision != menu.published_revision:
        return State(_("正在发布"), "accent", _("正在告诉公众号。"))
    return State(_("已发布"), "ok", _("已关注的人最迟一天后看到新菜单。"))


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def menu(request: StaffRequest, key: str) -> HttpResponse:
    """Edit the whole menu; a job publishes it."""
    account = queries.access_account(request.staff, key)
    if account.kind != Account.Kind.OFFICIAL_ACCOUNT:
        raise NotFoundError
    known = queries.find_menu(account)
    shown = known.buttons if known else proposed_menu(account.hospital.default_language)
    initial = initial_of(shown, known.revision if known else 0)
    form = MenuForm(account, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        revision = form.cleaned_data["revision"]
        actions.change_menu(account, form.buttons, revision=revision, by=request.staff)
        messages.success(request, _("已保存，正在发布到公众号。"))
        return redirect("channels:menu", key)
    context = {
        "account": account,
        "menu": known,
        "shown": shown,
        "form": form,
        "state": state_of(known),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "channels/menu.html", context, status=status)
