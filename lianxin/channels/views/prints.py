"""Console pages: a live code on paper. Nothing of it is about a patient."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.channels import forms, queries, reasons
from lianxin.channels.models import LiveCode
from lianxin.channels.printing import PIECES, Print
from lianxin.core import time
from lianxin.core.errors import NotFoundError, RefusedError
from lianxin.web.http import StaffRequest, staff_view


def why_not(code: LiveCode) -> str:
    """Say why a code cannot be printed, and what to do; empty when it can."""
    if not code.is_active:
        return _("这个活码已停用，印出来没有用。先重新启用，再打印。")
    if code.qr_content:
        return ""
    if code.picture_failure:
        return reasons.sentence_of(code.picture_failure)
    return _("二维码还没有准备好，一般一分钟内就好，请稍后再来。")


@require_GET
@staff_view("channel.read")
def print_code(request: StaffRequest, key: str) -> HttpResponse:
    """Show what can be printed, with a preview on the chosen paper."""
    code = queries.access_live_code(request.staff, key)
    return show_choice(request, code, forms.PrintForm(request.GET))


def show_choice(request: StaffRequest, code: LiveCode, form: forms.PrintForm) -> HttpResponse:
    is_valid = form.is_valid()
    query = f"paper={form.paper_chosen}&language={form.language_chosen}" if is_valid else ""
    context = {
        "code": code,
        "form": form,
        "refusal": why_not(code),
        "query": query,
        "chosen": Print(code, form.paper_chosen, form.language_chosen) if is_valid else None,
        "count": queries.count_by_live_code(code.hospital_id, [code.pk], time.now())[code.pk],
    }
    return render(request, "channels/print_code.html", context, status=200 if is_valid else 422)


@require_GET
@staff_view("channel.read")
def code_piece(request: StaffRequest, key: str, piece: str) -> HttpResponse:
    """Give one file to print."""
    code = queries.access_live_code(request.staff, key)
    found = PIECES.get(piece)
    if found is None:
        raise NotFoundError
    if refusal := why_not(code):
        raise RefusedError(refusal)
    form = forms.PrintForm(request.GET)
    if not form.is_valid():
        return show_choice(request, code, form)
    wanted = Print(code, form.paper_chosen, form.language_chosen)
    answer = HttpResponse(found.draw(wanted), content_type=found.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{code.key}-{piece}"'
    return answer
