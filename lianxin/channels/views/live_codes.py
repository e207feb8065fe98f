"""Console pages: the live codes, who answers behind them and whom they brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import (
    actions,
    code_journeys,
    facts,
    forms,
    queries,
    reasons,
    rules,
    wording,
)
from lianxin.channels.actions.attachments import WELCOME_LINKS
from lianxin.channels.forms.attachments import Shelves, load_choices
from lianxin.channels.forms.welcomes import WelcomeFormSet
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.queries import CodeCount
from lianxin.channels.queries.attachments import as_attachments
from lianxin.channels.queries.welcomes import count_left_out
from lianxin.channels.rules import Answering
from lianxin.channels.views.attachments import are_right, work_shelves
from lianxin.channels.views.followers import came_by_code
from lianxin.channels.views.links import link_panel
from lianxin.channels.views.states import State
from lianxin.channels.words import live_codes as words
from lianxin.core import time
from lianxin.web.http import StaffRequest, staff_view

PAGE_ROWS = 40
LEFT_OUT_SPAN = timedelta(days=7)


@dataclass(frozen=True)
class CodeRow:
    code: LiveCode
    state: State
    count: CodeCount
    losses: list[tuple[str, int]]
    who: str


def code_state(code: LiveCode) -> State:
    if not code.is_active:
        return closed_state(code)
    if code.state == LiveCode.State.READY:
        return State(_("可用"), "ok", "")
    if code.state == LiveCode.State.FAILED:
        return State(_("没有建成"), "danger", reasons.sentence_of(code.failure_code))
    sentence = reasons.sentence_of(code.failure_code) if code.failure_code else ""
    return State(_("生成中"), "accent", sentence)


def closed_state(code: LiveCode) -> State:
    if code.account.kind == Account.Kind.OFFICIAL_ACCOUNT:
        sentence = _("公众号的永久二维码平台不能收回，请取下印出去的码。")
        return State(_("已停用"), "line", sentence)
    if code.account.kind == Account.Kind.WECOM_KF:
        sentence = _("微信客服的链接平台不能收回，请取下印出去的码。")
        return State(_("已停用"), "line", sentence)
    if code.config_id or code.asked_at is not None:
        return State(_("正在停用"), "accent", _("等平台收回这个码。"))
    return State(_("已停用"), "line", _("平台已收回，扫码不再有反应。"))


@require_GET
@staff_view("channel.read")
def codes(request: StaffRequest) -> HttpResponse:
    page = Paginator(queries.list_live_codes(request.staff), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    hospital_id, shown = request.staff.hospital_id, list(page)
    now = time.now()
    counts = queries.count_by_live_code(hospital_id, [code.pk for code in shown], now)
    answering = queries.answering_of(hospital_id, shown, now)
    rows = [as_row(code, counts[code.pk], answering[code.pk]) for code in shown]
    context = {"rows": rows, "page": page, "may_manage": request.staff.may("channel.manage")}
    return render(request, "channels/codes.html", context)


def as_row(code: LiveCode, count: CodeCount, answering: Answering) -> CodeRow:
    people = answering.members[:1] if code.is_single else answering.members
    names = words.names(one.name for one in people)
    is_shown = code.is_active and code.account.kind == Account.Kind.WECOM
    fixed = " · ".join(one.name for one in (code.staff, code.team) if one is not None)
    losses = words.losses_of(code, count)
    return CodeRow(code, code_state(code), count, losses, names if is_shown else fixed)


@require_GET
@staff_view("channel.read")
def code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    hospital_id = request.staff.hospital_id
    now = time.now()
    answering = queries.answering_of(hospital_id, [found], now)[found.pk]
    counts = queries.count_by_live_code(hospital_id, [found.pk], now)
    row = as_row(found, counts[found.pk], answering)
    if request.htmx:
        return render(request, "channels/code.html#picture", {"row": row})
    return render(request, "channels/code.html", code_context(request, row, answering))


def code_context(request: StaffRequest, row: CodeRow, answering: Answering) -> dict[str, object]:
    found = row.code
    is_wecom = found.account.kind == Account.Kind.WECOM
    needs_nobody = not is_wecom and found.is_active
    return {
        "row": row,
        "is_wecom": is_wecom,
        "is_service": found.account.kind == Account.Kind.WECOM_KF,
        "place": words.PLACES.get(found.place, ""),
        "answering": "" if needs_nobody else words.answering_sentence(found, answering),
        "is_alone": is_wecom and found.is_active and not answering.members,
        "is_told": queries.code_step(found, answering) == rules.NOTHING,
        "failure": reasons.sentence_of(found.failure_code) if found.failure_code else "",
        "refused": [
            wording.refusal_sentence(one)
            for text in (found.welcome_text, *(one["text"] for one in found.welcomes))
            for one in wording.refused_words(found.hospital_id, text)
        ],
        **welcome_context(found),
        "journey": code_journeys.find_journey(request.staff, found.journey_key),
        "finding": words.FINDINGS.get(found.finding, ""),
        "roster": [words.member_sentence(one) for one in queries.list_members(found)],
        "visits": count_visits(request, found),
        "came_by_code": came_by_code(found.account),
        "follower_days": facts.count("follower_days_shown"),
        "link": link_panel(found) if is_wecom else None,
        "versions": words.version_rows(queries.list_versions(found)),
        "may_manage": request.staff.may("channel.manage"),
    }


def count_visits(request: StaffRequest, code: LiveCode) -> int | None:
    """Count the openings of the landing pages that lead here; None where there is none."""
    found = queries.list_campaigns(request.staff, code)
    if not found:
        return None
    counts = queries.count_campaigns(request.staff.hospital, found)
    return sum(one.visits for one in counts.values())


def welcome_context(code: LiveCode) -> dict[str, object]:
    """Say which welcome would go now: to who comes first, and to who comes back."""
    now = time.now()
    first, returning = (
        queries.choose_welcome(code, now, is_returning=is_returning).number
        for is_returning in (False, True)
    )
    rows = words.welcome_rows(code, first, returning)
    return {
        "welcomes": rows if code.welcomes else [],
        "why_now": words.why_now(code, now),
        "preview": next(one for one in rows if one.number == first),
        "left_out": count_left_out(code, now - LEFT_OUT_SPAN),
    }


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def edit_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    given = request.POST if request.method == "POST" else None
    form = forms.CodeForm(request.staff, found, given)
    roster = forms.RosterFormSet(request.staff, found, given)
    is_wecom = found.account.kind == Account.Kind.WECOM
    # An Official Account's code has nobody behind it, so its page sends no roster.
    has_roster = not is_wecom or roster.is_valid()
    shelves = Shelves(load_choices(found.hospital_id), given, links=WELCOME_LINKS)
    welcomes = WelcomeFormSet(found, given, shelves)
    shelf = shelves.read("welcome", as_attachments(found.welcome_attachments))
    if given is not None and is_wecom:
        answer = work_shelves(request, [shelf, *welcomes.shelves()])
        if answer is not None:
            return answer
    is_right = form.is_valid() and has_roster and welcomes.is_right()
    if is_right and are_right(found.account, [shelf, *welcomes.shelves()]):
        content = form.content(
            roster.lines() if is_wecom else (), welcomes.welcomes(), shelf.attachments
        )
        actions.change_live_code(found, content, seen=form.number, by=request.staff)
        follows = _("已保存。平台会在一分钟内跟上。")
        messages.success(request, follows if is_wecom else _("已保存。"))
        return redirect("channels:code", key=key)
    context = {
        "code": found,
        "form": form,
        "roster": roster,
        "welcomes": welcomes,
        "shelf": shelf,
        "is_wecom": is_wecom,
        "journeys": code_journeys.list_journeys(request.staff),
    }
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_code.html", context, status=status)


@require_POST
@staff_view("channel.manage")
def close_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    seen = forms.SeenForm(request.POST).number
    actions.close_live_code(found, seen=seen, by=request.staff)
    messages.success(request, _("已停用。"))
    return redirect("channels:code", key=key)


@require_POST
@staff_view("channel.manage")
def reopen_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    seen = forms.SeenForm(request.POST).number
    actions.reopen_live_code(found, seen=seen, by=request.staff)
    messages.success(request, _("已重新启用。"))
    return redirect("channels:code", key=key)


@require_POST
@staff_view("channel.manage")
def delete_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    actions.delete_live_code(found, by=request.staff)
    messages.success(request, _("活码已删除。"))
    return redirect("channels:codes")


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def new_code(request: StaffRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else None
    begun = {"account": request.GET.get("account")}
    form = forms.LiveCodeForm(request.staff, given, initial=begun)
    roster = forms.RosterFormSet(request.staff, None, given)
    shelves = Shelves(load_choices(request.staff.hospital_id), given, links=WELCOME_LINKS)
    shelf = shelves.read("welcome", ())
    if given is not None and (answer := work_shelves(request, [shelf])) is not None:
        return answer
    is_right = roster.is_right() and form.is_valid()
    if is_right and are_right(form.account_chosen, [shelf]):
        made = actions.create_live_code(
            form.account_chosen,
            form.cleaned_data["name"],
            by=request.staff,
            staff=form.staff_chosen,
            team=form.team_chosen,
            tag_names=form.cleaned_data["tags"],
            journey_key=form.cleaned_data["journey_key"],
            welcome_text=form.cleaned_data["welcome_text"],
            welcome_attachments=shelf.attachments,
            roster=roster.lines() if form.needs_roster else (),
            days=form.cleaned_data["days"],
            closing_text=form.cleaned_data["closing_text"],
            place=form.cleaned_data["place"],
        )
        messages.success(request, _("活码正在生成，几秒后就能用。"))
        return redirect("channels:code", key=made.key)
    journeys = code_journeys.list_journeys(request.staff)
    context = {"form": form, "roster": roster, "journeys": journeys, "shelf": shelf}
    status = 422 if form.is_bound else 200
    return render(request, "channels/new_code.html", context, status=status)
