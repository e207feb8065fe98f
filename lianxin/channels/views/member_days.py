"""Console: what members did, as the provider counts it, with a chart of the days."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.channels import queries
from lianxin.channels.views.day_bars import draw_bars
from lianxin.core import time
from lianxin.web.http import StaffRequest, staff_view


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
        "chart": draw_bars([(day.on, day.messages) for day in by_day]),
        "nothing": _("平台未提供"),
        "message_count": queries.total([day.messages for day in by_day]),
    }
    return render(request, "channels/member_days.html", context)
