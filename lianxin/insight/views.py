"""The manager's page: a few numbers, what each means, and who stands behind it."""

from __future__ import annotations

import csv

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from lianxin.core import access_log, time
from lianxin.insight import pages, queries
from lianxin.web.http import StaffRequest, staff_view

DAYS = (7, 30, 90)


def wanted_days(request: StaffRequest) -> int:
    """Read the period from the address; anything else is thirty days."""
    text = request.GET.get("days", "")
    return int(text) if text in {str(days) for days in DAYS} else 30


@require_GET
@never_cache
@staff_view("insight.read")
def overview(request: StaffRequest) -> HttpResponse:
    """Show every number with definition, parts, change and course."""
    days = wanted_days(request)
    period = queries.last_days(days)
    readings = queries.read_all(request.staff, period)
    tiles = [pages.make_tile(reading, days, request.staff) for reading in readings]
    chosen = request.GET.get("metric", "")
    current = next((tile for tile in tiles if tile.code == chosen), tiles[0])
    context = {
        "tiles": tiles,
        "current": current,
        "periods": pages.make_periods(days, DAYS, current.code),
        "days": days,
        "period": period,
        "lead": pages.make_lead(readings),
    }
    return render(request, "insight/overview.html", context)


@require_GET
@never_cache
@staff_view("insight.read")
def people(request: StaffRequest, code: str) -> HttpResponse:
    """List the patients behind a number, for those who may see patients."""
    days = wanted_days(request)
    period = queries.last_days(days)
    behind = queries.list_people(request.staff, code, period)
    access_log.record_views(
        request.staff, [one.patient_id for one in behind], page="insight:people"
    )
    context = {
        "metric": pages.words_of(queries.access_metric(code)),
        "rows": pages.name_people(request.staff, behind),
        "limit": queries.PEOPLE_LIMIT,
        "days": days,
        "period": period,
    }
    return render(request, "insight/people.html", context)


@require_GET
@never_cache
@staff_view("insight.read")
def export(request: StaffRequest) -> HttpResponse:
    """Hand the numbers out as CSV with their definitions; small cells stay hidden."""
    days = wanted_days(request)
    readings = queries.read_all(request.staff, queries.last_days(days))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    stamp = f"{time.local(request.staff.hospital, time.now()):%Y%m%d}"
    response["Content-Disposition"] = f'attachment; filename="lianxin-insight-{days}d-{stamp}.csv"'
    # Spreadsheets take UTF-8 for what it is only with this mark.
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(
        [_("指标"), _("数值"), _("单位"), _("分子"), _("分母"), _("未计入"), _("定义"), _("口径")]
    )
    writer.writerows(pages.make_csv_row(reading) for reading in readings)
    return response
