"""Console pages: what was sent, what was refused and why, and what staff still have to confirm."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.compliance.queries import consents_of
from lianxin.core import access_log
from lianxin.outreach import queries
from lianxin.outreach.forms import ForecastForm
from lianxin.outreach.models import Delivery, StaffConfirmation
from lianxin.outreach.queries import DeliveryFilter, DeliveryLine
from lianxin.outreach.queries.forecast import (
    MOST_PEOPLE,
    choose_people,
    count_customer_quotas,
    list_quotas,
)
from lianxin.patients.queries import access_patient, holders_of
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Chip

PAGE_ROWS = 50
TONES: dict[str, str] = {
    Delivery.State.SENT: "ok",
    Delivery.State.DELIVERED: "ok",
    Delivery.State.WAITING_STAFF: "accent",
    Delivery.State.FAILED: "warn",
    Delivery.State.REFUSED: "warn",
}
CONFIRMATION_TONES: dict[str, str] = {
    StaffConfirmation.State.DONE: "ok",
    StaffConfirmation.State.EXPIRED: "warn",
    StaffConfirmation.State.FAILED: "warn",
}


@require_GET
@staff_view("send.read")
def index(request: StaffRequest) -> HttpResponse:
    """Show deliveries and refusals, newest first, a page at a time."""
    wanted = read_filter(request)
    page = Paginator(queries.list_deliveries(request.staff, wanted), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    lines = shown_lines(request, list(page.object_list))
    context = {
        "page": page,
        "rows": [(line, TONES.get(line.delivery.state, "")) for line in lines],
        "chips": state_chips(request, wanted),
        "wanted": wanted,
        "reasons": queries.count_refusals_by_reason(request.staff),
        "confirmations": todays_confirmations(request),
        "may_see_names": request.staff.may("patient.read"),
    }
    template = "outreach/list.html#rows" if request.htmx else "outreach/list.html"
    return render(request, template, context)


def read_filter(request: HttpRequest) -> DeliveryFilter:
    """Read the filter from the address; a word that means nothing filters nothing."""
    states = set(Delivery.State.values)
    state = request.GET.get("state", "")
    return DeliveryFilter(
        state=state if state in states else "",
        carrier=request.GET.get("carrier", "")[:16],
        kind=request.GET.get("kind", "")[:12],
        reason=request.GET.get("reason", "")[:40],
        patient_key=request.GET.get("patient", "")[:12],
    )


def shown_lines(request: StaffRequest, rows: list[Delivery]) -> list[DeliveryLine]:
    """Put rows into words; whoever may see names is written down for each patient shown."""
    lines = queries.describe(request.staff.hospital_id, rows)
    if request.staff.may("patient.read"):
        shown = [row.patient_id for row in rows if row.patient_id]
        access_log.record_views(request.staff, shown, page="outreach:list")
    return lines


def state_chips(request: HttpRequest, wanted: DeliveryFilter) -> list[Chip]:
    choices = [
        ("", _("全部")),
        (Delivery.State.WAITING_STAFF, _("待员工确认")),
        (Delivery.State.REFUSED, _("已拒绝")),
        (Delivery.State.FAILED, _("没发成")),
        (Delivery.State.SENT, _("已发出")),
        (Delivery.State.DELIVERED, _("已送达")),
    ]
    chips = []
    for state, label in choices:
        values = request.GET.copy()
        values.pop("page", None)
        values["state"] = state
        chips.append(Chip(label, f"?{values.urlencode()}", is_current=wanted.state == state))
    return chips


def todays_confirmations(request: StaffRequest) -> list[tuple[StaffConfirmation, str, str]]:
    rows = queries.list_confirmations(request.staff)[:8]
    return [
        (row, queries.confirmation_word(row), CONFIRMATION_TONES.get(row.state, "")) for row in rows
    ]


@require_GET
@staff_view("send.read")
def forecast(request: StaffRequest) -> HttpResponse:
    """Show what the quotas still let through, and what a planned send would meet."""
    form = ForecastForm(request.staff, request.GET or None)
    context: dict[str, object] = {
        "form": form,
        "quotas": list_quotas(request.staff),
        "customers": count_customer_quotas(request.staff),
        "most": MOST_PEOPLE,
    }
    if form.is_valid():
        people = choose_people(request.staff, form.audience)
        context["is_too_many"] = len(people) > MOST_PEOPLE
        if len(people) <= MOST_PEOPLE:
            found = queries.forecast(request.staff.hospital_id, form.message, people)
            context["found"] = found
            context["staff"] = found.staff(request.staff.hospital_id)
    return render(request, "outreach/forecast.html", context)


@require_GET
@staff_view("patient.read")
def reach(request: StaffRequest, key: str) -> HttpResponse:
    """Show by which carriers one patient may be reached now, until when, and how often still."""
    patient = access_patient(request.staff, key)
    access_log.record_views(request.staff, [patient.pk], page="outreach:reach")
    consents = consents_of(patient.hospital_id, [patient.pk])[patient.pk]
    lines = queries.reach_of_patient(patient, consents, holders_of(patient))
    return render(request, "outreach/reach.html", {"lines": lines})
