"""Console pages: codes that lead into groups, and the welcomes that owners choose from."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import actions, queries
from lianxin.channels.forms.groups import GroupWelcomeForm, JoinCodeForm, name_of
from lianxin.channels.forms.live_codes import SeenForm
from lianxin.channels.words import groups as words
from lianxin.web.http import StaffRequest, staff_view


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def new_join_code(request: StaffRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else None
    form = JoinCodeForm(request.staff, None, given)
    if form.is_valid():
        made = actions.create_join_code(form.account, form.content, by=request.staff)
        messages.success(request, _("入群码正在生成，几秒后就能用。"))
        return redirect("channels:join_code", key=made.key)
    context = {"form": form, "code": None}
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_join_code.html", context, status=status)


@require_GET
@staff_view("channel.read")
def join_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_join_code(request.staff, key)
    context: dict[str, object] = {"code": found, "state": words.join_code_state(found)}
    if request.htmx:
        return render(request, "channels/join_code.html#picture", context)
    came, there = queries.count_by_join_code([found.pk])[found.pk]
    lines = queries.list_lines(found)
    context |= {
        "lines": [(line, name_of(line.group)) for line in lines],
        "came": came,
        "there": there,
        "finding": words.FINDINGS.get(found.finding, ""),
        "may_manage": request.staff.may("channel.manage"),
    }
    return render(request, "channels/join_code.html", context)


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def edit_join_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_join_code(request.staff, key)
    given = request.POST if request.method == "POST" else None
    form = JoinCodeForm(request.staff, found, given)
    if form.is_valid():
        seen = form.cleaned_data["seen"] or 0
        actions.change_join_code(found, form.content, seen=seen, by=request.staff)
        messages.success(request, _("已保存。平台会在一分钟内跟上。"))
        return redirect("channels:join_code", key=key)
    context = {"form": form, "code": found}
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_join_code.html", context, status=status)


@require_POST
@staff_view("channel.manage")
def close_join_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_join_code(request.staff, key)
    actions.close_join_code(found, seen=SeenForm(request.POST).number, by=request.staff)
    messages.success(request, _("已停用。"))
    return redirect("channels:join_code", key=key)


@require_GET
@staff_view("channel.read")
def group_welcomes(request: StaffRequest) -> HttpResponse:
    rows = [(one, words.welcome_state(one)) for one in queries.list_group_welcomes(request.staff)]
    context = {"rows": rows, "may_manage": request.staff.may("channel.manage")}
    return render(request, "channels/group_welcomes.html", context)


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def new_group_welcome(request: StaffRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else None
    form = GroupWelcomeForm(request.staff, None, given)
    if form.is_valid():
        text = form.cleaned_data["text"]
        actions.create_group_welcome(form.account_chosen, text, by=request.staff)
        messages.success(request, _("正在存到企业微信，几秒后群主就能选用。"))
        return redirect("channels:group_welcomes")
    context = {"form": form, "welcome": None}
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_group_welcome.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def edit_group_welcome(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group_welcome(request.staff, key)
    given = request.POST if request.method == "POST" else None
    form = GroupWelcomeForm(request.staff, found, given)
    if form.is_valid():
        seen = form.cleaned_data["seen"] or 0
        text = form.cleaned_data["text"]
        actions.change_group_welcome(found, text, seen=seen, by=request.staff)
        messages.success(request, _("已保存。平台会在一分钟内跟上。"))
        return redirect("channels:group_welcomes")
    context = {"form": form, "welcome": found}
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_group_welcome.html", context, status=status)


@require_POST
@staff_view("channel.manage")
def remove_group_welcome(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group_welcome(request.staff, key)
    actions.remove_group_welcome(found, by=request.staff)
    messages.success(request, _("正在从企业微信里删除。"))
    return redirect("channels:group_welcomes")
