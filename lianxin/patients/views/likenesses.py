"""Console pages: who may be one person, side by side, and the decision."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from lianxin.core import access_log
from lianxin.patients import actions, forms, queries, words
from lianxin.patients.models import Likeness
from lianxin.patients.queries import Revealed
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Chip

PAGE_ROWS = 30


@require_GET
@staff_view("patient.edit")
def index(request: StaffRequest) -> HttpResponse:
    """List the pairs that wait, the surest first."""
    standing = request.GET.get("standing", "")
    found = queries.list_likenesses(request.staff, standing)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    pairs = list(page.object_list)
    seen = [pk for row in pairs for pk in (row.first_id, row.second_id)]
    access_log.record_views(request.staff, seen, page="patients:likenesses")
    chips = [
        Chip(
            label=str(label),
            url=f"?standing={value}" if value else "?",
            is_current=value == standing,
        )
        for value, label in forms.LIKENESS_STANDINGS
    ]
    rows = words.compare(request.staff.hospital_id, pairs)
    context = {"page": page, "rows": rows, "chips": chips, "standing": standing}
    return render(request, "patients/likenesses.html", context)


@require_GET
@staff_view("patient.edit")
def likeness(request: StaffRequest, key: str) -> HttpResponse:
    """Show both sides, masked."""
    return show(request, queries.access_likeness(request.staff, key))


@require_POST
@never_cache
@staff_view("patient.reveal")
def reveal(request: StaffRequest, key: str) -> HttpResponse:
    """Show both sides in full once; both patients can read that it was done."""
    found = queries.access_likeness(request.staff, key)
    sides = [queries.reveal(request.staff, side) for side in (found.first, found.second)]
    return show(request, found, revealed=sides)


def show(
    request: StaffRequest, found: Likeness, *, revealed: list[Revealed] | None = None
) -> HttpResponse:
    page = "patients:reveal" if revealed else "patients:likeness"
    access_log.record_views(request.staff, [found.first_id, found.second_id], page=page)
    (pair,) = words.compare(request.staff.hospital_id, [found])
    context = {
        "pair": pair,
        "lines": words.list_lines(found, (pair.first, pair.second), revealed or ()),
        "is_revealed": bool(revealed),
        "may_reveal": request.staff.may("patient.reveal"),
        "keep_key": queries.choose_kept(found).key,
    }
    return render(request, "patients/likeness.html", context)


@require_POST
@staff_view("patient.edit")
def merge(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_likeness(request.staff, key)
    form = forms.KeepForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_("请选择保留哪一份登记。"), status=422)
    done = actions.merge_likeness(found, form.cleaned_data["keep"], by=request.staff)
    messages.success(request, _("已合并。合并可以撤销。"))
    return redirect("patients:merge", key=done.kept.key)


@require_POST
@staff_view("patient.edit")
def dismiss(request: StaffRequest, key: str) -> HttpResponse:
    actions.dismiss_likeness(queries.access_likeness(request.staff, key), by=request.staff)
    messages.success(request, _("记住了：不是同一人。除非有新的证据，不会再问。"))
    return redirect("patients:likenesses")


@require_POST
@staff_view("patient.edit")
def postpone(request: StaffRequest, key: str) -> HttpResponse:
    actions.postpone_likeness(queries.access_likeness(request.staff, key), by=request.staff)
    messages.success(request, _("放到稍后，过几天再提醒。"))
    return redirect("patients:likenesses")
