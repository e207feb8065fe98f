"""Console pages: the alert queue, one alert, the trend, and what a clinician sets for a patient."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels.models import StaffCall
from lianxin.channels.reasons import sentence_of
from lianxin.core import access_log, time
from lianxin.core.errors import ForbiddenError
from lianxin.health import actions, panels, queries
from lianxin.health.forms import SLOT_NAMES, CloseForm, FlagsForm, MedicationForm
from lianxin.health.models import Alert, AlertCall
from lianxin.health.queries import Book, MedicineFacts
from lianxin.patients import queries as patients
from lianxin.patients.models import Patient
from lianxin.patients.queries import PatientFace
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Action, Chip, Row
from lianxin.web.templatetags.web import remaining

TONES = {"red": "danger", "orange": "warn"}
PAGE_ROWS = 100


# --- Alerts --------------------------------------------------------------------------------------


@require_GET
@staff_view("alert.read")
def alerts(request: StaffRequest) -> HttpResponse:
    """List who needs somebody now: red first, then by the time left."""
    level = request.GET.get("level", "")
    book = queries.find_book(request.staff.hospital_id)
    live = list(queries.list_alerts(request.staff, level=level)[:PAGE_ROWS])
    closed = queries.list_closed_alerts(request.staff, limit=20) if not level else []
    shown = live + closed
    faces = patients.names_of(request.staff.hospital_id, [alert.patient_id for alert in shown])
    access_log.record_views(request.staff, [a.patient_id for a in shown], page="health.alerts")
    rows = [make_row(alert, faces[alert.patient_id], book) for alert in shown]
    counts = queries.alert_counts(request.staff.hospital_id)
    context = {
        "waiting": rows[: len(live)],
        "closed": rows[len(live) :],
        "chips": level_chips(counts, level),
        "red_count": counts[Alert.Level.RED, Alert.State.OPEN],
        "awaiting_count": counts[Alert.Level.RED, Alert.State.AWAITING_SECOND],
        "count": counts.total(),
        "is_approved": book is not None,
        "red_minutes": book.alerting["acknowledge"]["red"]["minutes"] if book else "—",
        "may_edit": request.staff.may("health.edit"),
    }
    template = "health/alerts.html#queue" if request.htmx else "health/alerts.html"
    return render(request, template, context)


def level_chips(counts: Counter[tuple[str, str]], level: str) -> list[Chip]:
    url = reverse("health:alerts")
    chips = [Chip(_("全部"), url, counts.total(), is_current=not level)]
    return chips + [
        Chip(
            panels.level_word(name),
            f"{url}?level={name}",
            sum(count for (found, _state), count in counts.items() if found == name),
            is_current=level == name,
            is_danger=name == "red",
        )
        for name in ("red", "orange", "yellow")
    ]


def state_word(alert: Alert) -> str:
    words = {
        Alert.State.AWAITING_SECOND: _("等第二遍读数"),
        Alert.State.OPEN: _("待接手"),
        Alert.State.ACKNOWLEDGED: _("已接手"),
        Alert.State.CLOSED: _("已关闭"),
    }
    return words[Alert.State(alert.state)]


def make_row(alert: Alert, face: PatientFace, book: Book | None) -> Row:
    """Lay an alert out in the house's fixed columns."""
    language = get_language() or "zh-hans"
    fact = book.fact(alert.rule_code, language) if book else alert.rule_code
    is_closed = alert.state == Alert.State.CLOSED
    age = _("%(age)d 岁") % {"age": face.age} if face.age is not None else ""
    return Row(
        who=face.masked_name,
        who_sub=" · ".join(part for part in (age, face.inpatient_masked) if part),
        why=" ".join(part for part in (values_words(alert, book), fact) if part),
        why_sub=evidence(alert, book, language),
        icon=icon_of(alert),
        mark=panels.level_word(alert.level),
        id=f"alert-{alert.key}",
        url=reverse("health:alert", args=[alert.key]),
        tone="" if is_closed else tone_of(alert),
        level=panels.level_word(alert.level),
        level_tone=TONES.get(alert.level, ""),
        due="" if is_closed or not needs_clock(alert) else remaining(alert.due_at),
        due_sub=state_word(alert),
        due_tone="danger" if is_late(alert) else "",
        action=next_action(alert),
    )


def icon_of(alert: Alert) -> str:
    if alert.is_awaiting:
        return "hourglass"
    return "alert-octagon" if alert.level == Alert.Level.RED else "heartbeat"


def tone_of(alert: Alert) -> str:
    """Return how loud a live alert is; while a second reading may clear it, not the loudest."""
    return "warn" if alert.is_awaiting else TONES.get(alert.level, "")


def needs_clock(alert: Alert) -> bool:
    return alert.state in {Alert.State.AWAITING_SECOND, Alert.State.OPEN}


def is_late(alert: Alert) -> bool:
    due = alert.deadline_at
    return alert.state == Alert.State.OPEN and due is not None and due < time.now()


def next_action(alert: Alert) -> Action | None:
    """Offer the one next step in place; what waits for a second reading is only looked at."""
    page = reverse("health:alert", args=[alert.key])
    if alert.is_awaiting:
        return Action(_("查看"), page, icon="eye")
    if alert.state == Alert.State.OPEN:
        url = reverse("health:acknowledge", args=[alert.key])
        tone = "danger" if alert.level == Alert.Level.RED else ""
        return Action(_("接手"), url, icon="hand-stop", is_post=True, tone=tone)
    if alert.state == Alert.State.ACKNOWLEDGED:
        return Action(_("记录结果"), page, icon="check")
    return None


def values_words(alert: Alert, book: Book | None) -> str:
    """Write the readings as 185/112 → 182/108; a mean is no single reading and shows none."""
    rule = book.rule(alert.rule_code) if book else None
    if rule is not None and rule.scope not in {"reading", "occasion"}:
        return ""
    written = [
        "/".join(
            f"{reading['values'][code]:g}"
            for code in ("systolic", "diastolic", "glucose")
            if code in reading["values"]
        )
        for reading in alert.readings[-2:]
    ]
    return " → ".join(written)


def evidence(alert: Alert, book: Book | None, language: str) -> str:
    """Say what the patient was told and what she answered; what nobody answered is said too."""
    parts = []
    if alert.symptoms:
        words = book.symptom_words(alert.symptoms, language) if book else alert.symptoms
        parts.append(_("症状：%(words)s") % {"words": "、".join(words)})
    elif alert.symptoms == []:
        parts.append(_("答：没有不适"))
    elif alert.symptom_group:
        parts.append(_("还没有回答症状"))
    if alert.call_120:
        parts.append(_("手机已显示 120"))
    elif alert.level == Alert.Level.RED and not alert.is_awaiting:
        parts.append(_("手机已提示立即就医"))
    if alert.owner:
        parts.append(_("负责：%(name)s") % {"name": alert.owner.name})
    return " · ".join(parts)


@require_GET
@staff_view("alert.read")
def alert(request: StaffRequest, key: str) -> HttpResponse:
    """Show one alert with its readings, what was told, and how to settle it."""
    return show_alert(request, key, CloseForm())


def show_alert(request: StaffRequest, key: str, form: CloseForm, status: int = 200) -> HttpResponse:
    found = queries.access_alert(request.staff, key)
    face = patients.face_of(found.patient)
    access_log.record_views(request.staff, [found.patient_id], page="health.alert")
    book = queries.find_book(found.hospital_id)
    language = get_language() or "zh-hans"
    rule = book.rule(found.rule_code) if book else None
    context = {
        "alert": found,
        "face": face,
        "fact": book.fact(found.rule_code, language) if book else "",
        "rule": rule,
        "values": values_words(found, book),
        "evidence": evidence(found, book, language),
        "state": state_word(found),
        "level": panels.level_word(found.level),
        "tone": TONES.get(found.level, ""),
        "form": form,
        "crumbs": [(_("健康"), reverse("health:alerts")), (face.masked_name, "")],
        "panel": panels.load_panel(found.patient) if may_see_trend(request, book) else None,
        "may_act": request.staff.may("alert.acknowledge"),
        "calls": [make_call_line(step) for step in queries.list_call_steps(found)],
        "nobody_to_ring": lacks_phone(found),
        "readings": [
            {
                "shown": "/".join(f"{value:g}" for value in reading["values"].values()),
                "at": datetime.fromisoformat(reading["at"]),
            }
            for reading in found.readings
        ],
    }
    return render(request, "health/alert.html", context, status=status)


@dataclass(frozen=True)
class CallLine:
    """One call about an alert, as its page shows it."""

    at: datetime
    name: str
    word: str
    tone: str
    why: str = ""


def make_call_line(step: AlertCall) -> CallLine:
    if step.is_taken:
        return CallLine(step.placed_at, step.staff.name, _("按 1 接手"), "ok")
    state = step.call.state
    words = {
        StaffCall.State.WAITING: (_("等待拨打"), "line"),
        StaffCall.State.CLAIMED: (_("正在拨打"), "accent"),
        StaffCall.State.RINGING: (_("正在拨打"), "accent"),
        StaffCall.State.ANSWERED: (_("接了，没有按 1"), "warn"),
        StaffCall.State.NO_ANSWER: (_("没有接"), "warn"),
        StaffCall.State.BUSY: (_("占线"), "warn"),
        StaffCall.State.FAILED: (_("没有打通"), "danger"),
        StaffCall.State.UNKNOWN: (_("不知道打通没有"), "warn"),
        StaffCall.State.CANCELLED: (_("没有打"), "line"),
    }
    word, tone = words[StaffCall.State(state)]
    is_said = state in {StaffCall.State.FAILED, StaffCall.State.UNKNOWN}
    why = sentence_of(step.call.reason_code) if is_said else ""
    return CallLine(step.placed_at, step.staff.name, word, tone, why)


def lacks_phone(alert: Alert) -> bool:
    """Tell whether a red alert waits for somebody who cannot be rung."""
    if alert.state != Alert.State.OPEN or alert.level != Alert.Level.RED:
        return False
    return not queries.list_phone_line(alert, time.now())


def may_see_trend(request: StaffRequest, book: Book | None) -> bool:
    return book is not None and bool(request.staff.may("health.read"))


@require_POST
@staff_view("alert.acknowledge")
def acknowledge(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_alert(request.staff, key)
    actions.acknowledge_alert(found, by=request.staff)
    messages.success(request, _("已接手。联系患者后请记录结果。"))
    return redirect("health:alert", key=key)


@require_POST
@staff_view("alert.acknowledge")
def close(request: StaffRequest, key: str) -> HttpResponse:
    form = CloseForm(request.POST)
    if not form.is_valid():
        return show_alert(request, key, form, status=422)
    found = queries.access_alert(request.staff, key)
    actions.close_alert(found, by=request.staff, **form.cleaned_data)
    messages.success(request, _("已记录结果并关闭。"))
    return redirect("health:alerts")


# --- One patient ---------------------------------------------------------------------------------


def access_health(request: StaffRequest, key: str, page: str) -> Patient:
    """Open a patient's health data for staff, and write the look down."""
    patient = patients.access_patient(request.staff, key)
    if not request.staff.may("health.read"):
        raise ForbiddenError
    access_log.record_views(request.staff, [patient.pk], page=page)
    return patient


@require_GET
@staff_view("health.read")
def trend(request: StaffRequest, key: str) -> HttpResponse:
    """Show the trend; htmx swaps the panel alone, wherever it stands."""
    patient = access_health(request, key, "health.trend")
    text = request.GET.get("days", "")
    days = int(text) if text in {str(days) for days in panels.RANGES} else 30
    context = {
        "panel": panels.load_panel(patient, days=days),
        "is_table": request.GET.get("view") == "table",
    }
    if request.htmx:
        return render(request, "health/trend_panel.html", context)
    face = patients.face_of(patient)
    context |= {
        "face": face,
        "patient": patient,
        "alerts": queries.list_alerts_of(patient, limit=8),
        "medicines": queries.list_medicines(patient, time.today(patient.hospital)),
        "crumbs": [(_("健康"), reverse("health:alerts")), (face.masked_name, "")],
        "may_edit": request.staff.may("health.edit"),
    }
    return render(request, "health/trend.html", context)


@require_http_methods(["GET", "POST"])
@staff_view("health.edit")
def plan(request: StaffRequest, key: str) -> HttpResponse:
    """Set what the rules should know, whether to measure, and the medicines."""
    patient = access_health(request, key, "health.plan")
    form = FlagsForm(request.POST or None)
    if request.method == "POST":
        if not form.is_valid():
            return show_plan(request, patient, form, MedicationForm(), status=422)
        actions.set_flags(patient, form.cleaned_data["flags"], by=request.staff)
        from_on = time.today(patient.hospital) if request.POST.get("is_planned") else None
        actions.plan_measurements(patient, from_on=from_on, by=request.staff)
        messages.success(request, _("已保存。"))
        return redirect("health:plan", key=key)
    profile = queries.find_profile(patient)
    flags = FlagsForm(initial={"flags": (profile.flags if profile else None) or []})
    return show_plan(request, patient, flags, MedicationForm())


def when_taken(medicine: MedicineFacts) -> str:
    return " · ".join(str(SLOT_NAMES[slot]) for slot in medicine.slots)


def show_plan(
    request: StaffRequest,
    patient: Patient,
    flags: FlagsForm,
    medicine: MedicationForm,
    status: int = 200,
) -> HttpResponse:
    medicines = queries.list_medicines(patient, time.today(patient.hospital))
    face = patients.face_of(patient)
    context = {
        "patient": patient,
        "face": face,
        "flags_form": flags,
        "medicine_form": medicine,
        "profile": queries.find_profile(patient),
        "medicines": [(one, when_taken(one)) for one in medicines],
        "crumbs": [
            (_("健康"), reverse("health:alerts")),
            (face.masked_name, reverse("health:trend", args=[patient.key])),
            (_("测量与用药"), ""),
        ],
    }
    return render(request, "health/plan.html", context, status=status)


@require_POST
@staff_view("health.edit")
def add_medicine(request: StaffRequest, key: str) -> HttpResponse:
    patient = access_health(request, key, "health.plan")
    form = MedicationForm(request.POST)
    if not form.is_valid():
        return show_plan(request, patient, FlagsForm(), form, status=422)
    today = time.today(patient.hospital)
    actions.plan_medication(patient, **form.cleaned_data, starts_on=today, by=request.staff)
    messages.success(request, _("已加入用药清单。"))
    return redirect("health:plan", key=key)


@require_POST
@staff_view("health.edit")
def stop_medicine(request: StaffRequest, key: str, medicine_key: str) -> HttpResponse:
    patient = access_health(request, key, "health.plan")
    medicine = queries.access_medication(patient, medicine_key)
    tomorrow = time.today(patient.hospital) + timedelta(days=1)
    actions.stop_medication(medicine, on=tomorrow, by=request.staff)
    messages.success(request, _("从明天起不再提醒这种药。"))
    return redirect("health:plan", key=key)


# --- Reviewed rows -------------------------------------------------------------------------------


@require_GET
@staff_view("health.read")
def rows(request: StaffRequest) -> HttpResponse:
    """Show every clinical row with its source and who approved it."""
    listed = queries.list_rows(request.staff)
    context = {
        "rows": listed,
        "waiting": sum(row.approved_at is None for row in listed),
        "may_approve": request.staff.role == "doctor",
        "crumbs": [(_("健康"), reverse("health:alerts")), (_("规则与来源"), "")],
    }
    return render(request, "health/rows.html", context)


@require_POST
@staff_view("health.edit")
def approve(request: StaffRequest, kind: str, code: str, version: int) -> HttpResponse:
    row = queries.access_row(request.staff, kind, code, version)
    actions.approve_row(row, by=request.staff)
    messages.success(request, _("已审核 %(code)s。") % {"code": row.code})
    return redirect("health:rows")
