"""Console: how often a provider's interfaces were called, and which it refuses now."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.channels import queries
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.windows import DAY, HOUR, MINUTE, MONTH
from lianxin.channels.queries.api_uses import list_path_uses
from lianxin.core import time
from lianxin.web.http import StaffRequest, staff_view


@require_GET
@staff_view("channel.read")
def api_uses(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_account(request.staff, key)
    uses = list_path_uses(found, ADAPTERS[found.kind].platform, time.now())
    words = {MINUTE: _("本分钟"), HOUR: _("本小时"), DAY: _("今天"), MONTH: _("本月")}
    rows = [
        {
            "use": use,
            "counts": [(words[window], used, most) for window, used, most in use.counts],
        }
        for use in uses
    ]
    context = {
        "account": found,
        "rows": rows,
        "call_count": sum(use.today for use in uses),
        "blocked_count": sum(use.blocked_until is not None for use in uses),
    }
    return render(request, "channels/api_uses.html", context)
