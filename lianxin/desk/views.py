"""Console: Today and the patient 360."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.core import access_log
from lianxin.desk.lines import Group
from lianxin.desk.queries.patient import Timeline, access_story, load_timeline
from lianxin.desk.queries.today import SCOPES, Board, load_board
from lianxin.patients.queries import access_patient
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Chip, Option


@require_GET
@staff_view("today.read")
def today(request: StaffRequest) -> HttpResponse:
    """Show what waits; htmx swaps the board when something happens."""
    staff = request.staff
    scope = request.GET.get("scope", SCOPES[0])
    scope = scope if scope in SCOPES else SCOPES[0]
    board = load_board(staff, scope=scope, show=request.GET.get("show", ""))
    access_log.record_views(staff, board.seen_patient_ids, page="desk:today")
    context = {
        "board": board,
        "groups": choose_groups(board),
        "chips": make_chips(board, scope),
        "scopes": make_scopes(scope),
        "scope": scope,
        "may_verify": staff.may("patient.verify"),
        "may_record_consent": staff.may("consent.record"),
    }
    template = "desk/today.html#board" if request.htmx else "desk/today.html"
    return render(request, template, context)


def choose_groups(board: Board) -> list[Group]:
    """Keep the chosen group, else those with rows; when all is done every one says so."""
    chosen = [group for group in board.groups if group.key == board.show]
    return chosen or [group for group in board.groups if group.rows] or list(board.groups)


def make_chips(board: Board, scope: str) -> list[Chip]:
    home = f"{reverse('desk:today')}?scope={scope}"
    chips = [Chip(_("全部"), home, board.count, is_current=not board.show)]
    return chips + [
        Chip(
            str(group.heading.title),
            f"{home}&show={group.key}",
            group.count if group.size else 0,
            is_current=group.key == board.show,
            is_danger=group.heading.is_danger,
        )
        for group in board.groups
    ]


def make_scopes(scope: str) -> list[Option]:
    words = {"mine": _("我的"), "team": _("本组"), "hospital": _("全院")}
    home = reverse("desk:today")
    return [Option(words[s], f"{home}?scope={s}", is_current=s == scope) for s in SCOPES]


@require_GET
@staff_view("patient.read")
def patient(request: StaffRequest, key: str) -> HttpResponse:
    """Show one person's story; the number of a merged row leads to the row that was kept."""
    story = access_story(request.staff, key)
    kept = story.patient.merged_into
    if kept is not None:
        both = [story.patient.pk, kept.pk]
        access_log.record_views(request.staff, both, page="desk:patient")
        messages.info(request, _("这个登记已经并到下面这一位。"))
        return redirect("desk:patient", key=kept.key)
    access_log.record_views(request.staff, [story.patient.pk], page="desk:patient")
    context = {"story": story, **timeline_context(story.timeline, key, "")}
    return render(request, "desk/patient.html", context)


@require_GET
@staff_view("patient.read")
def timeline(request: StaffRequest, key: str) -> HttpResponse:
    """Show one kind of the timeline, or what came before."""
    found = access_patient(request.staff, key)
    access_log.record_views(request.staff, [found.pk], page="desk:patient")
    if not request.htmx:
        return redirect("desk:patient", key=key)
    kind = request.GET.get("kind", "")
    before = read_moment(request.GET.get("before", ""))
    stretch = load_timeline(request.staff, found, kind=kind, before=before)
    context = timeline_context(stretch, key, kind)
    return render(request, "desk/patient.html#timeline", context)


def read_moment(text: str) -> datetime | None:
    """Read the moment in the address; what is none shows the newest."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def timeline_context(stretch: Timeline, key: str, kind: str) -> dict[str, Any]:
    url = reverse("desk:timeline", args=[key])
    chips = [
        Chip(str(k.label), f"{url}?{urlencode({'kind': k.code})}", is_current=k.code == kind)
        for k in stretch.kinds
    ]
    older = ""
    if stretch.next_before:
        moment = stretch.next_before.isoformat()
        older = f"{url}?{urlencode({'kind': kind, 'before': moment})}"
    return {"timeline": stretch, "chips": chips, "older_url": older, "newest_url": chips[0].url}
