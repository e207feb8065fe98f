"""Console pages: which neutral tags may leave to WeCom, under which words."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import actions, queries, reasons
from lianxin.channels.forms.tags import TagForm
from lianxin.channels.models import CorpTag
from lianxin.channels.views.states import State
from lianxin.web.http import StaffRequest, staff_view


@dataclass(frozen=True)
class TagRow:
    tag: CorpTag
    state: State
    carrier_count: int


def tag_state(tag: CorpTag) -> State:
    why = reasons.sentence_of(tag.failure_code) if tag.failure_code else ""
    if not tag.is_allowed:
        return withdrawn_state(tag, why)
    if tag.state == CorpTag.State.MAKING:
        return State(_("生成中"), "accent", why)
    others = _("这个标签是别人建的：连心只使用，不改名也不删除。")
    return State(_("使用中"), "ok", why if tag.is_ours else others)


def withdrawn_state(tag: CorpTag, why: str) -> State:
    if tag.state == CorpTag.State.FAILED:
        return State(_("没有送出"), "danger", why)
    if tag.finding == "lost":
        return State(_("已撤出"), "line", _("这个标签在企业微信里被删除了，所以不再送出。"))
    if tag.finding == "renamed":
        return State(_("已撤出"), "line", _("这个标签在企业微信里被改了名，所以不再送出。"))
    if tag.state == CorpTag.State.REMOVED:
        return State(_("已撤出"), "line", _("企业微信里已经去掉。"))
    return State(_("正在撤出"), "accent", why or _("正在从企业微信里去掉。"))


@require_GET
@staff_view("tag.read")
def tags(request: StaffRequest) -> HttpResponse:
    found = queries.list_corp_tags(request.staff)
    carriers = queries.count_carriers(request.staff.hospital_id)
    rows = [TagRow(tag, tag_state(tag), carriers.get(tag.pk, 0)) for tag in found]
    context = {
        "rows": rows,
        "standing": sum(row.tag.is_allowed for row in rows),
        "kept_out": queries.count_kept_out(request.staff.hospital_id),
        "may_allow": request.staff.may("tag.allow"),
    }
    return render(request, "channels/tags.html", context)


@require_http_methods(["GET", "POST"])
@staff_view("tag.allow")
def new_tag(request: StaffRequest) -> HttpResponse:
    """Ask for a tag, show the exact words that will be seen, and let it leave when confirmed."""
    form = TagForm(request.staff, request.POST or None)
    is_checked = request.method == "POST" and form.is_valid()
    if is_checked and "confirmed" in request.POST:
        given = form.cleaned_data
        actions.allow_tag(
            form.account_chosen,
            code=given["code"],
            name=given["name"],
            group_name=given["group_name"],
            by=request.staff,
        )
        messages.success(request, _("已加入名单，企业微信里很快就能看到。"))
        return redirect("channels:tags")
    context = {"form": form, "is_checked": is_checked}
    status = 422 if request.method == "POST" and not is_checked else 200
    return render(request, "channels/new_tag.html", context, status=status)


@require_POST
@staff_view("tag.allow")
def withdraw_tag(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_corp_tag(request.staff, key)
    actions.withdraw_tag(found, by=request.staff)
    messages.success(request, _("已撤出，正在从企业微信里去掉。"))
    return redirect("channels:tags")
