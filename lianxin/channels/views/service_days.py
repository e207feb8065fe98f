"""Console: what customer service did, as the provider counts it, with a chart of the days."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.channels import queries
from lianxin.channels.queries import service_days as day_queries
from lianxin.channels.views.day_bars import draw_bars
from lianxin.channels.views.servicers import access_kf
from lianxin.core import time
from lianxin.web.http import StaffRequest, staff_view


@require_GET
@staff_view("channel.read")
def service_days(request: StaffRequest, key: str) -> HttpResponse:
    account = access_kf(request, key)
    now = time.now()
    stored = day_queries.list_service_days(account, now)
    days = day_queries.days_of_account(stored, now)
    sessions = [(day.on, day.session_count) for day in days]
    context = {
        "account": account,
        "is_read": bool(stored),
        "rows": day_queries.sum_by_servicer(account, stored),
        "days": days,
        "chart": draw_bars(sessions),
        "nothing": _("平台未提供"),
        "session_count": queries.total([count for _on, count in sessions]),
    }
    return render(request, "channels/service_days.html", context)
