"""Console pages: what was sent, what was refused and why, and what staff still have to confirm."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lianxin.compliance.queries import consents_of
from lianxin.core import access_log
from lianxin.outreach import actions, queries
from lianxin.outreach.forms import ForecastForm
from lianxin.outreach.models import Delivery, StaffConfirmation
from lianxin.outreach.queries import DeliveryFilter, DeliveryLine
from lianxin.outreach.queries.forecast import (
    MOST_PEOPLE,
    choose_people,
    count_customer_quotas,
    list_held,
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
# What staff filter tasks and their recipients by.
CONFIRMATION_CHOICES = [
    ("", gettext_lazy("全部")),
    ("open", gettext_lazy("待确认")),
    ("done", gettext_lazy("已确认")),
    ("over", gettext_lazy("没有成")),
]
CONFIRMATION_STATES: dict[str, tuple[str, ...]] = {
    "open": StaffConfirmation.UNFINISHED,
    "done": (StaffConfirmation.State.DONE,),
    "over": (
        StaffConfirmation.State.EXPIRED,
        StaffConfirmation.State.FAILED,
        StaffConfirmation.State.CANCELLED,
    ),
}
RESULT_CHOICES = [
    ("", gettext_lazy("全部")),
    ("arrived", gettext_lazy("已送达")),
    ("waiting", gettext_lazy("待员工确认")),
    ("missed", gettext_lazy("没发成")),
    ("cancelled", gettext_lazy("已取消")),
]
CONFIRMATION_TONES: dict[str, str] = {
    StaffConfirmation.State.CANCELLED: "line",
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


def shown_lines(
    request: StaffRequest, rows: list[Delivery], *, page_name: str = "outreach:list"
) -> list[DeliveryLine]:
    """Put rows into words; whoever may see names is written down for each patient shown."""
    lines = queries.describe(request.staff.hospital_id, rows)
    if request.staff.may("patient.read"):
        shown = [row.patient_id for row in rows if row.patient_id]
        access_log.record_views(request.staff, shown, page=page_name)
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
    return choice_chips(request, "state", choices, wanted.state)


def choice_chips(
    request: HttpRequest, name: str, choices: Sequence[tuple[str, str | Promise]], chosen: str
) -> list[Chip]:
    """Return one chip per choice; each keeps what else stands in the address."""
    chips = []
    for value, label in choices:
        values = request.GET.copy()
        values.pop("page", None)
        values[name] = value
        chips.append(Chip(str(label), f"?{values.urlencode()}", is_current=chosen == value))
    return chips


def todays_confirmations(request: StaffRequest) -> list[tuple[StaffConfirmation, str, str]]:
    rows = queries.list_confirmations(request.staff)[:8]
    return [
        (row, queries.confirmation_word(row), CONFIRMATION_TONES.get(row.state, "")) for row in rows
    ]


@require_GET
@staff_view("send.read")
def confirmations(request: StaffRequest) -> HttpResponse:
    """Show which members of staff have confirmed their tasks and which have not, newest first."""
    chosen = request.GET.get("state", "")
    rows = queries.list_confirmations(request.staff)
    if chosen in CONFIRMATION_STATES:
        rows = rows.filter(state__in=CONFIRMATION_STATES[chosen])
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    lines = queries.describe_confirmations(request.staff.hospital_id, list(page.object_list))
    context = {
        "page": page,
        "rows": [(line, CONFIRMATION_TONES.get(line.row.state, "accent")) for line in lines],
        "chips": choice_chips(request, "state", CONFIRMATION_CHOICES, chosen),
        "may_confirm": request.staff.may("send.confirm"),
    }
    return render(request, "outreach/confirmations.html", context)


@require_GET
@staff_view("send.read")
def confirmation(request: StaffRequest, key: str) -> HttpResponse:
    """Show one task: who confirms it, how many reminders are left, and what became of whom."""
    row = queries.access_confirmation(request.staff, key)
    [line] = queries.describe_confirmations(request.staff.hospital_id, [row])
    chosen = request.GET.get("result", "")
    found = queries.list_recipients(request.staff, row, chosen)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    lines = shown_lines(request, list(page.object_list), page_name="outreach:confirmation")
    context = {
        "line": line,
        "tone": CONFIRMATION_TONES.get(row.state, "accent"),
        "tiles": [(word, line.counts[name]) for name, word in RESULT_CHOICES if name],
        "page": page,
        "rows": [(one, TONES.get(one.delivery.state, "")) for one in lines],
        "chips": choice_chips(request, "result", RESULT_CHOICES, chosen),
        "reminders": queries.list_reminders(row),
        "may_confirm": request.staff.may("send.confirm"),
        "may_see_names": request.staff.may("patient.read"),
    }
    return render(request, "outreach/confirmation.html", context)


@require_POST
@staff_view("send.confirm")
def remind(request: StaffRequest, key: str) -> HttpResponse:
    """Have the member reminded in WeCom."""
    row = queries.access_confirmation(request.staff, key)
    actions.remind_staff(row, by=request.staff)
    messages.success(request, _("已请企业微信提醒 %(name)s。") % {"name": row.staff.name})
    return redirect("outreach:confirmation", key=key)


@require_POST
@staff_view("send.confirm")
def cancel(request: StaffRequest, key: str) -> HttpResponse:
    """Stop what of a task is not sent yet."""
    actions.cancel_confirmation(queries.access_confirmation(request.staff, key), by=request.staff)
    messages.success(request, _("正在取消还没发出的部分；已发出的不能撤回。"))
    return redirect("outreach:confirmation", key=key)


@require_GET
@staff_view("send.read")
def forecast(request: StaffRequest) -> HttpResponse:
    """Show what the quotas still let through, and what a planned send would meet."""
    form = ForecastForm(request.staff, request.GET or None)
    context: dict[str, object] = {
        "form": form,
        "quotas": list_quotas(request.staff),
        "customers": count_customer_quotas(request.staff),
        "held": list_held(request.staff),
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
    template = "outreach/reach.html#lines" if request.htmx else "outreach/reach.html"
    return render(request, template, {"lines": lines})
