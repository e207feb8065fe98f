"""Console: what members did, as the provider counts it, with a chart of the days."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.channels import queries
from lianxin.channels.queries.member_days import DaySum
from lianxin.core import time
from lianxin.web.http import StaffRequest, staff_view

BAR_WIDTH, BAR_GAP, HEIGHT = 15, 6, 90


@dataclass(frozen=True)
class Bar:
    """One day of the chart. A day that is not told has no bar, only its place."""

    x: int
    y: int
    height: int
    words: str
    is_told: bool


def draw_bars(days: list[DaySum]) -> list[Bar]:
    most = max([day.messages or 0 for day in days], default=0) or 1
    bars = []
    for number, day in enumerate(days):
        height = round(HEIGHT * (day.messages or 0) / most)
        count = _("平台未提供") if day.messages is None else str(day.messages)
        words = f"{day.on:%m-%d} {count}"
        x = number * (BAR_WIDTH + BAR_GAP)
        bars.append(Bar(x, HEIGHT - height, height, words, day.messages is not None))
    return bars


@require_GET
@staff_view("channel.read")
def member_days(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_account(request.staff, key)
    now = time.now()
    days = queries.list_member_days(found, now)
    by_day = queries.sum_by_day(days, now)
    context = {
        "account": found,
        "rows": queries.sum_by_member(found, days),
        "days": by_day,
        "bars": draw_bars(by_day),
        "bar_width": BAR_WIDTH,
        "width": len(by_day) * (BAR_WIDTH + BAR_GAP),
        "height": HEIGHT,
        "nothing": _("平台未提供"),
        "message_count": queries.total([day.messages for day in by_day]),
    }
    return render(request, "channels/member_days.html", context)
