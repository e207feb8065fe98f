"""Console pages: codes that lead into groups, and the welcomes that owners choose from."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import actions, queries, reviewed_pages
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.forms.attachments import Shelf, load_choices, read_shelf
from lianxin.channels.forms.groups import GroupWelcomeForm, JoinCodeForm, name_of
from lianxin.channels.forms.live_codes import SeenForm
from lianxin.channels.queries.attachments import as_attachments
from lianxin.channels.views.attachments import are_right, work_shelves
from lianxin.channels.words import groups as words
from lianxin.channels.words.attachments import attachment_rows
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
    pages = reviewed_pages.list_pages(request.staff.hospital_id)
    rows = [
        (
            one,
            words.welcome_state(one),
            attachment_rows(one.hospital_id, as_attachments(one.attachments), pages),
        )
        for one in queries.list_group_welcomes(request.staff)
    ]
    context = {"rows": rows, "may_manage": request.staff.may("channel.manage")}
    return render(request, "channels/group_welcomes.html", context)


def welcome_shelf(
    request: StaffRequest, given: QueryDict | None, kept: tuple[Attachment, ...]
) -> Shelf:
    most = load_facts()["group_welcome_attachments"]
    return read_shelf(given, "welcome", kept, load_choices(request.staff.hospital_id), most=most)


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def new_group_welcome(request: StaffRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else None
    form = GroupWelcomeForm(request.staff, None, given)
    shelf = welcome_shelf(request, given, ())
    if given is not None and (answer := work_shelves(request, [shelf])) is not None:
        return answer
    if form.is_valid() and are_right(form.account_chosen, [shelf]):
        actions.create_group_welcome(
            form.account_chosen,
            form.cleaned_data["text"],
            attachments=shelf.attachments,
            by=request.staff,
        )
        messages.success(request, _("正在存到企业微信，几秒后群主就能选用。"))
        return redirect("channels:group_welcomes")
    context = {"form": form, "shelf": shelf, "welcome": None}
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_group_welcome.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def edit_group_welcome(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group_welcome(request.staff, key)
    given = request.POST if request.method == "POST" else None
    form = GroupWelcomeForm(request.staff, found, given)
    shelf = welcome_shelf(request, given, as_attachments(found.attachments))
    if given is not None and (answer := work_shelves(request, [shelf])) is not None:
        return answer
    if form.is_valid() and are_right(found.account, [shelf]):
        seen, text = form.cleaned_data["seen"] or 0, form.cleaned_data["text"]
        chosen = shelf.attachments
        actions.change_group_welcome(found, text, attachments=chosen, seen=seen, by=request.staff)
        messages.success(request, _("已保存。平台会在一分钟内跟上。"))
        return redirect("channels:group_welcomes")
    context = {"form": form, "shelf": shelf, "welcome": found}
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_group_welcome.html", context, status=status)


@require_POST
@staff_view("channel.manage")
def remove_group_welcome(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group_welcome(request.staff, key)
    actions.remove_group_welcome(found, by=request.staff)
    messages.success(request, _("正在从企业微信里删除。"))
    return redirect("channels:group_welcomes")
