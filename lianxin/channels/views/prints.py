"""Console pages: a code on paper. Nothing of it is about a patient."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.channels import forms, queries, reasons
from lianxin.channels.models import JoinCode, LiveCode
from lianxin.channels.printing import GROUP_PIECES, PIECES, Piece, Print
from lianxin.core import time
from lianxin.core.errors import NotFoundError, RefusedError
from lianxin.web.http import StaffRequest, staff_view


@dataclass(frozen=True)
class Page:
    """What is printed, what the page calls it, and why it cannot be printed now."""

    code: LiveCode | JoinCode
    heading: str
    on_poster: str
    pieces: str
    crumbs: list[tuple[str, str]]
    refusal: str


def page_of(code: LiveCode) -> Page:
    return Page(
        code,
        _("打印活码"),
        _(
            "院名、接待的人、扫码能得到什么、三步说明和两句安全提示。"
            "角上的小字是活码的名称，供同事辨认。"
        ),
        reverse("channels:print_code", args=[code.key]),
        [
            (_("活码"), reverse("channels:codes")),
            (code.name, reverse("channels:code", args=[code.key])),
            (_("打印"), ""),
        ],
        why_not(code, _("这个活码已停用，印出来没有用。先重新启用，再打印。")),
    )


def page_of_join_code(code: JoinCode) -> Page:
    refusal = why_not(code, _("这个入群码已停用，印出来没有用。请新建一个。"))
    if not refusal and not queries.list_lines(code):
        refusal = _("后面的群都解散了：扫码的人进不了群。请换上别的群，或停用。")
    return Page(
        code,
        _("打印入群码"),
        _(
            "院名、进群能得到什么、三步说明，和醒目的“群内不看病、不急救”与两句安全提示。"
            "角上的小字是入群码的名称，供同事辨认。"
        ),
        reverse("channels:print_join_code", args=[code.key]),
        [
            (_("客户群"), reverse("channels:groups")),
            (code.name, reverse("channels:join_code", args=[code.key])),
            (_("打印"), ""),
        ],
        refusal,
    )


def why_not(code: LiveCode | JoinCode, closed: str) -> str:
    """Say why a code cannot be printed, and what to do; empty when it can."""
    if not code.is_active:
        return closed
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
    return show_choice(request, page_of(code), forms.PrintForm(request.GET))


@require_GET
@staff_view("channel.read")
def print_join_code(request: StaffRequest, key: str) -> HttpResponse:
    code = queries.access_join_code(request.staff, key)
    return show_choice(request, page_of_join_code(code), forms.PrintForm(request.GET))


def show_choice(request: StaffRequest, page: Page, form: forms.PrintForm) -> HttpResponse:
    is_valid, code = form.is_valid(), page.code
    context: dict[str, object] = {
        **vars(page),
        "form": form,
        "query": f"paper={form.paper_chosen}&language={form.language_chosen}" if is_valid else "",
        "chosen": Print(code, form.paper_chosen, form.language_chosen) if is_valid else None,
    }
    if isinstance(code, LiveCode):
        counts = queries.count_by_live_code(code.hospital_id, [code.pk], time.now())
        context["count"] = counts[code.pk]
    return render(request, "channels/print_code.html", context, status=200 if is_valid else 422)


@require_GET
@staff_view("channel.read")
def code_piece(request: StaffRequest, key: str, piece: str) -> HttpResponse:
    """Give one file to print."""
    code = queries.access_live_code(request.staff, key)
    return give_piece(request, page_of(code), PIECES.get(piece), piece)


@require_GET
@staff_view("channel.read")
def join_code_piece(request: StaffRequest, key: str, piece: str) -> HttpResponse:
    code = queries.access_join_code(request.staff, key)
    return give_piece(request, page_of_join_code(code), GROUP_PIECES.get(piece), piece)


def give_piece(request: StaffRequest, page: Page, found: Piece | None, name: str) -> HttpResponse:
    if found is None:
        raise NotFoundError
    if page.refusal:
        raise RefusedError(page.refusal)
    form = forms.PrintForm(request.GET)
    if not form.is_valid():
        return show_choice(request, page, form)
    wanted = Print(page.code, form.paper_chosen, form.language_chosen)
    answer = HttpResponse(found.draw(wanted), content_type=found.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{page.code.key}-{name}"'
    return answer
