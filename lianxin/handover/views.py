"""Console pages: who hands over, among whom, and where each contact stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.core import access_log
from lianxin.handover import actions, queries, rules, words
from lianxin.handover.forms import AssignForm, ConfirmForm, OpenForm, ProposeForm
from lianxin.handover.models import Handover, HandoverLine
from lianxin.handover.words import Standing
from lianxin.patients import queries as patients
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Chip

PAGE_ROWS = 50
TROUBLED, OPEN_ONES, SETTLED = "troubled", "open", "settled"


@dataclass(frozen=True)
class HandoverRow:
    handover: Handover
    state: Standing
    kind: str
    counts: Counter[str]

    @property
    def troubled(self) -> int:
        return sum(self.counts[one] for one in rules.TROUBLED)

    @property
    def done(self) -> int:
        return self.counts[rules.DONE]

    @property
    def all(self) -> int:
        return self.counts.total()


@dataclass(frozen=True)
class LineRow:
    """One contact: who it is as far as this viewer may know, who takes over, where it stands."""

    line: HandoverLine
    name: str
    standing: Standing
    may_assign: bool


@require_GET
@staff_view("handover.read")
def index(request: StaffRequest) -> HttpResponse:
    page = Paginator(queries.list_handovers(request.staff), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    found = list(page.object_list)
    counts = queries.count_of_handovers(found)
    rows = [
        HandoverRow(one, words.handover_words(one), words.kind_word(one), counts[one.pk])
        for one in found
    ]
    context = {
        "rows": rows,
        "page": page,
        "running": sum(row.handover.is_running for row in rows),
        "troubled": sum(row.troubled for row in rows if row.handover.is_running),
        "strangers": queries.list_unopened_leaves(request.staff.hospital_id),
        "may_manage": request.staff.may("handover.manage"),
    }
    return render(request, "handover/index.html", context)


@require_http_methods(["GET", "POST"])
@staff_view("handover.manage")
def new(request: StaffRequest) -> HttpResponse:
    form = OpenForm(request.staff, request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.open_handover(form.chosen, form.cleaned_data["kind"], by=request.staff)
        return redirect("handover:handover", key=made.key)
    status = 422 if request.method == "POST" else 200
    return render(request, "handover/new.html", {"form": form}, status=status)


@require_GET
@staff_view("handover.read")
def handover(request: StaffRequest, key: str) -> HttpResponse:
    return show(request, queries.access_handover(request.staff, key))


def show(
    request: StaffRequest,
    found: Handover,
    *,
    propose_form: ProposeForm | None = None,
    confirm_form: ConfirmForm | None = None,
) -> HttpResponse:
    lines = list(queries.list_lines(found))
    counts = queries.count_standings(lines)
    chosen = request.GET.get("show", "")
    page = Paginator([one for one in lines if is_shown(one, chosen)], PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    may_manage = request.staff.may("handover.manage") and found.is_running
    is_invalid = propose_form is not None or confirm_form is not None
    context = {
        "handover": found,
        "state": words.handover_words(found),
        "kind": words.kind_word(found),
        "leave_sentence": words.leave_sentence(found.leave),
        "chips": list_chips(found, counts, chosen),
        "page": page,
        "rows": list_rows(request, page, may_manage=may_manage),
        "all": counts.total(),
        "done": counts[rules.DONE],
        "nobody": counts[rules.NOBODY],
        "proposed": counts[rules.PROPOSED],
        "waiting": counts[rules.WAITING] + counts[rules.PLANNED],
        "amounts": queries.list_amounts(found.staff),
        "may_manage": may_manage,
    }
    if may_manage:
        asked = propose_form or ProposeForm(found)
        context["propose_form"] = asked
        context["takers"] = [one for one, _load in asked.people.values()]
        context["confirm_form"] = confirm_form or ConfirmForm(request.staff, found)
    return render(request, "handover/handover.html", context, status=422 if is_invalid else 200)


def is_shown(line: HandoverLine, chosen: str) -> bool:
    standing = queries.standing_of(line)
    if chosen == TROUBLED:
        return standing in rules.TROUBLED
    if chosen == SETTLED:
        return standing in rules.SETTLED
    if chosen == OPEN_ONES:
        return standing not in rules.SETTLED | rules.TROUBLED
    return True


def list_chips(found: Handover, counts: Counter[str], chosen: str) -> list[Chip]:
    url = reverse("handover:handover", kwargs={"key": found.key})
    troubled = sum(counts[one] for one in rules.TROUBLED)
    settled = sum(counts[one] for one in rules.SETTLED)
    shares = [
        ("", _("全部"), counts.total()),
        (TROUBLED, _("要处理"), troubled),
        (OPEN_ONES, _("进行中"), counts.total() - troubled - settled),
        (SETTLED, _("已了结"), settled),
    ]
    return [
        Chip(
            label,
            f"{url}?show={name}" if name else url,
            count,
            is_current=chosen == name,
            is_danger=name == TROUBLED,
        )
        for name, label, count in shares
    ]


def list_rows(
    request: StaffRequest, page: Page[HandoverLine], *, may_manage: bool
) -> list[LineRow]:
    lines: Sequence[HandoverLine] = list(page.object_list)
    hospital_id = request.staff.hospital_id
    known = patients.patients_at(hospital_id, [one.relation.address_id for one in lines])
    faces = patients.names_of(hospital_id, known.values())
    access_log.record_views(request.staff, list(faces), page="handover.handover")
    rows = []
    for line in lines:
        face = faces.get(known.get(line.relation.address_id, 0))
        standing = queries.standing_of(line)
        reason = line.transfer.reason_code if line.transfer else ""
        rows.append(
            LineRow(
                line,
                face.masked_name if face else _("未登记的联系人"),
                words.standing_words(standing, reason),
                may_manage and standing in rules.FREE,
            )
        )
    return rows


@require_POST
@staff_view("handover.manage")
def propose(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_handover(request.staff, key)
    form = ProposeForm(found, request.POST)
    if not form.is_valid():
        return show(request, found, propose_form=form)
    most_each = form.cleaned_data["most_each"] or 0
    left = actions.propose_takers(found, form.takers, most_each=most_each, by=request.staff)
    if left:
        sentence = ngettext(
            "还有 %(count)d 位无人接手，请多选几位同事或放宽上限。",
            "还有 %(count)d 位无人接手，请多选几位同事或放宽上限。",
            left,
        )
        messages.warning(request, sentence % {"count": left})
    else:
        messages.success(request, _("已分好，确认后才会通知企业微信。"))
    return redirect("handover:handover", key=key)


@require_POST
@staff_view("handover.manage")
def assign(request: StaffRequest, key: str, line_id: int) -> HttpResponse:
    found = queries.access_handover(request.staff, key)
    line = queries.access_line(found, line_id)
    form = AssignForm(request.POST)
    people = {one.key: one for one, _load in queries.list_takers(found)}
    chosen = form.cleaned_data["taker"] if form.is_valid() else "?"
    if chosen and chosen not in people:
        messages.error(request, _("请选择一位绑定了企业微信、没有离开的同事。"))
        return show(request, found, propose_form=ProposeForm(found))
    actions.assign_line(line, people.get(chosen), by=request.staff)
    return redirect("handover:handover", key=key)


@require_POST
@staff_view("handover.manage")
def confirm(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_handover(request.staff, key)
    form = ConfirmForm(request.staff, found, request.POST)
    if not form.is_valid():
        return show(request, found, confirm_form=form)
    said = form.cleaned_data.get("words", "")
    asked = actions.confirm_handover(
        found, main_taker=form.main_taker, words=said, by=request.staff
    )
    sentence = ngettext(
        "已开始：%(count)d 位患者交给企业微信转接，24 小时内患者可以拒绝。",
        "已开始：%(count)d 位患者交给企业微信转接，24 小时内患者可以拒绝。",
        asked,
    )
    messages.success(request, sentence % {"count": asked})
    return redirect("handover:handover", key=key)


@require_POST
@staff_view("handover.manage")
def cancel(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_handover(request.staff, key)
    actions.cancel_handover(found, by=request.staff)
    messages.success(request, _("已取消。已经转过去的患者不会自动转回。"))
    return redirect("handover:handover", key=key)


@require_POST
@staff_view("handover.manage")
def close_access(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_handover(request.staff, key)
    actions.close_access(found, by=request.staff)
    messages.success(request, _("已停用登录，正在使用的页面也随即失效。"))
    return redirect("handover:handover", key=key)
