"""Patient pages: log a value, say how one feels, measure again, see the trend, tick medicines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.compliance import queries as compliance
from lianxin.core import time
from lianxin.core.errors import NotFoundError
from lianxin.core.ids import make_key
from lianxin.health import actions, panels, queries
from lianxin.health.actions import Recorded
from lianxin.health.forms import ReadingForm
from lianxin.health.models import Alert
from lianxin.health.queries import Book
from lianxin.health.queries.book import name_in
from lianxin.health.rules.plausibility import Hint
from lianxin.patients import queries as patients
from lianxin.patients import rules as patient_rules
from lianxin.patients.models import Patient
from lianxin.web.http import PortalRequest, portal_view
from lianxin.web.navigation import find_url

PHONE_WIDTH = 343
PHONE_RANGES = (7, 30, 90)
# A second reading belongs to the first when it follows within this sitting.
SITTING = timedelta(minutes=30)


def find_health_patient(request: PortalRequest) -> Patient | None:
    """Return whom this phone shows, if her health data may be kept and seen here."""
    patient = patients.find_current_patient(request.holder)
    if patient is None or not compliance.may_see_health(request.holder, patient):
        return None
    return patient


def access_health_patient(request: PortalRequest) -> Patient:
    patient = find_health_patient(request)
    if patient is None:
        raise NotFoundError
    return patient


def say_closed(request: PortalRequest) -> HttpResponse:
    """Say that nothing is shown before the person is verified and has agreed."""
    if wants_json(request):
        return JsonResponse({"error": _("还不能记录健康数据"), "status": 403}, status=403)
    context = {"who_url": find_url("patients:who"), "me_url": find_url("patients:phone_me")}
    return render(request, "health/closed.html", context, status=403)


# --- Logging a value -----------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "POST"])
@portal_view
def log(request: PortalRequest) -> HttpResponse:
    """Log a blood pressure: keypad, last value, and what happens when the numbers are in doubt."""
    patient = find_health_patient(request)
    if patient is None:
        return say_closed(request)
    book = queries.load_book(patient.hospital_id)
    fields = book.fields("bp")
    if request.method == "POST":
        form = ReadingForm(fields, patient.hospital.time_zone, request.POST)
        if not form.is_valid():
            return answer_invalid(request, book, patient, form)
        return save(request, book, patient, form)
    return render(request, "health/log.html", log_context(book, patient))


def save(request: PortalRequest, book: Book, patient: Patient, form: ReadingForm) -> HttpResponse:
    recorded = actions.record_reading(
        patient,
        "bp",
        form.values,
        by=request.holder,
        client_key=form.cleaned_data["client_key"],
        measured_at=measured_at(form),
        is_insisted=form.cleaned_data["is_insisted"],
    )
    if not recorded.is_saved:
        return answer_doubt(request, book, patient, form, recorded)
    url, sentence = next_step(patient, recorded)
    if wants_json(request):
        return JsonResponse({"state": "saved", "next": url, "message": sentence})
    if sentence:
        messages.success(request, sentence)
    return redirect(url)


def measured_at(form: ReadingForm) -> datetime | None:
    """Take the typed time, else how long ago the phone says it was when there was no network."""
    typed: datetime | None = form.cleaned_data["measured_at"]
    waited = form.cleaned_data["waited_seconds"]
    if typed is None and waited and waited > 0:
        return time.now() - timedelta(seconds=waited)
    return typed


def next_step(patient: Patient, recorded: Recorded) -> tuple[str, str]:
    """Say where the phone goes now: danger first, then the second reading, then the trend."""
    alerts = [alert for alert in recorded.alerts if alert.state != Alert.State.CLOSED]
    for alert in alerts:
        if alert.is_awaiting and alert.symptoms is None:
            return reverse("health:phone_symptoms") + f"?alert={alert.key}", ""
        if alert.is_awaiting:
            return reverse("health:phone_again", args=[alert.key]), ""
    loud = [a for a in alerts if a.level in {Alert.Level.RED, Alert.Level.ORANGE}]
    if loud:
        loudest = min(loud, key=lambda a: a.level != Alert.Level.RED)
        return reverse("health:phone_urgent", args=[loudest.key]), ""
    if sitting_count(patient) < 2:
        return reverse("health:phone_log"), _("第 1 遍已保存。请等 1 分钟，再量第 2 遍。")
    return reverse("health:phone_trend"), _("已保存。")


def sitting_count(patient: Patient) -> int:
    """Count the readings of this sitting, for the two dots on top."""
    book = queries.load_book(patient.hospital_id)
    since = time.now() - SITTING
    return len(queries.list_readings(book, patient, "bp", since=since))


def log_context(book: Book, patient: Patient, **more: Any) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    awaiting = queries.find_awaiting_alert(patient)
    reading_rules = [r for r in book.rules if r.metric == "bp" and r.scope == "reading"]
    return {
        "patient": patient,
        "fields": [
            field
            | {"label": name_in(field["name"], language), "words": name_in(field["unit"], language)}
            for field in book.fields("bp")
        ],
        "last": queries.find_last_reading(book, patient, "bp"),
        "now": time.local(patient.hospital, time.now()),
        "round": min(sitting_count(patient), 1) + 1,
        "client_key": make_key(),
        "awaiting": awaiting,
        "danger": [rule.body["when"] for rule in reading_rules if rule.level == "red"][:1],
        "signs": book.text("urgent.signs", language),
        "red_text": book.text("level.red", language),
        "values": {},
    } | more


def answer_invalid(
    request: PortalRequest, book: Book, patient: Patient, form: ReadingForm
) -> HttpResponse:
    """Answer numbers that are no numbers: say which, keep what was typed."""
    sentence = _("请填写高压和低压，只填数字。")
    if wants_json(request):
        return JsonResponse({"state": "invalid", "message": sentence}, status=422)
    context = log_context(book, patient, values=form.data, doubt=sentence)
    return render(request, "health/log.html", context, status=422)


def answer_doubt(
    request: PortalRequest, book: Book, patient: Patient, form: ReadingForm, recorded: Recorded
) -> HttpResponse:
    """Answer doubtful numbers with a question and, where there is one, an offer to tap."""
    verdict = recorded.verdict
    hint = verdict.hints[0]
    sentence = doubt_words(book, hint, verdict.values)
    offer = {code: f"{value:g}" for code, value in (hint.values or {}).items()}
    if wants_json(request):
        found = {
            "state": verdict.state,
            "message": sentence,
            "offer": offer,
            "offer_words": offer_words(hint),
            "may_insist": verdict.may_insist,
            "fields": sorted({h.field for h in verdict.hints}),
        }
        return JsonResponse(found, status=422)
    context = log_context(
        book,
        patient,
        values={code: f"{value:g}" for code, value in form.values.items()},
        doubt=sentence,
        offer=offer,
        offer_words=offer_words(hint),
        may_insist=verdict.may_insist,
    )
    return render(request, "health/log.html", context, status=422)


def doubt_words(book: Book, hint: Hint, values: Any) -> str:
    """Ask kindly, with the number that is doubted."""
    language = get_language() or "zh-hans"
    field = next(f for f in book.fields("bp") if f["code"] == hint.field)
    words = {"field": name_in(field["name"], language), "value": f"{values.get(hint.field, 0):g}"}
    sentences = {
        "swap": _("低压比高压高，是不是填反了？"),
        "close": _("高压和低压很接近，请再看一眼血压计。"),
        "typo": _("%(field)s %(value)s 不像，是不是多了或少了一位？"),
        "unit": _("%(field)s %(value)s 像是另一种单位，请再看一眼。"),
        "change": _("%(field)s %(value)s 和上次差得多，请再看一眼。"),
        "range": _("%(field)s %(value)s 超出了血压计能量的范围，请重新填写。"),
        "missing": _("还没有填%(field)s。"),
    }
    return sentences[hint.code] % words


def offer_words(hint: Hint) -> str:
    if not hint.values:
        return ""
    numbers = "/".join(f"{value:g}" for value in hint.values.values())
    if hint.code == "swap":
        return _("对调为 %(numbers)s") % {"numbers": numbers}
    return _("改为 %(numbers)s") % {"numbers": numbers}


def wants_json(request: PortalRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


# --- Symptoms, 120, and measuring again ----------------------------------------------------------


@never_cache
@require_http_methods(["GET", "POST"])
@portal_view
def symptoms(request: PortalRequest) -> HttpResponse:
    """Ask how one feels. Any tick shows 120 at once; 「以上都没有」 goes on to measuring again."""
    patient = find_health_patient(request)
    if patient is None:
        return say_closed(request)
    key = request.POST.get("alert") or request.GET.get("alert", "")
    alert = queries.access_own_alert(request.holder, key) if key else None
    if request.method == "POST":
        ticked = request.POST.getlist("symptom")
        raised = actions.answer_symptoms(patient, ticked, by=request.holder, alert=alert)
        return answer_ticks(request, raised, [code for code in ticked if code])
    book = queries.load_book(patient.hospital_id)
    context = urgent_context(book, patient, alert)
    group = alert.symptom_group if alert and alert.symptom_group else "any"
    context["choices"] = symptom_choices(book, group)
    return render(request, "health/symptoms.html", context)


def symptom_choices(book: Book, group: str) -> list[tuple[str, str, str]]:
    """List (code, what to tick, how to say it on the phone)."""
    language = get_language() or "zh-hans"
    return [
        (code, label, book.symptom_words([code], language, "say")[0])
        for code, label in book.symptom_choices(group, language)
    ]


def answer_ticks(request: PortalRequest, alert: Alert | None, ticked: list[str]) -> HttpResponse:
    if ticked and alert:
        url = reverse("health:phone_urgent", args=[alert.key])
    elif alert and alert.is_awaiting:
        url = reverse("health:phone_again", args=[alert.key])
    else:
        url = reverse("health:phone_log")
    if wants_json(request):
        return JsonResponse({"state": "saved", "next": url})
    return redirect(url)


def urgent_context(book: Book, patient: Patient, alert: Alert | None) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    ticked = (alert.symptoms if alert else None) or []
    reading = last_values(alert)
    return {
        "patient": patient,
        "alert": alert,
        "reading": reading,
        "ticked": book.symptom_words(ticked, language),
        "said": book.symptom_words(ticked, language, "say"),
        "age": patient_rules.age_on(patient.birth_on, time.today(patient.hospital)),
        "title": book.text("urgent.title", language),
        "red_text": book.text("level.red", language),
        "steps": [book.text(f"urgent.step.{n}", language) for n in (1, 2, 3)],
        "no_wait": book.text("urgent.no_wait", language),
        "signs": book.text("urgent.signs", language),
        "disclaimer": book.text("disclaimer", language),
        "level_text": book.text(f"level.{alert.level}", language) if alert else "",
    }


def last_values(alert: Alert | None) -> str:
    """Write the alert's last blood pressure as people say it."""
    last = alert.last_reading if alert else None
    if not last:
        return ""
    values = last["values"]
    return "/".join(f"{values[code]:g}" for code in ("systolic", "diastolic") if code in values)


@never_cache
@require_GET
@portal_view
def urgent(request: PortalRequest, key: str) -> HttpResponse:
    """Show the 120 card for red, the same-day advice for orange."""
    alert = queries.access_own_alert(request.holder, key)
    book = queries.load_book(alert.hospital_id)
    context = urgent_context(book, alert.patient, alert)
    template = "health/urgent.html" if alert.level == Alert.Level.RED else "health/advice.html"
    return render(request, template, context)


@never_cache
@require_GET
@portal_view
def again(request: PortalRequest, key: str) -> HttpResponse | HttpResponseRedirect:
    """Count down to the second reading, and lock nobody out."""
    alert = queries.access_own_alert(request.holder, key)
    if not alert.is_awaiting:
        return redirect("health:phone_urgent", key=alert.key)
    book = queries.load_book(alert.hospital_id)
    minutes = book.alerting["remeasure_minutes"]
    ready_at = alert.raised_at + timedelta(minutes=minutes)
    left = max(0, int((ready_at - time.now()).total_seconds()))
    language = get_language() or "zh-hans"
    context = urgent_context(book, alert.patient, alert) | {
        "left": left,
        "whole": minutes * 60,
        "left_words": f"{left // 60}:{left % 60:02d}",
        "raised": time.local(alert.patient.hospital, alert.raised_at),
        "confirm_at": time.local(alert.patient.hospital, alert.confirm_due_at or ready_at),
        "remeasure": [book.text(f"remeasure.step.{n}", language) for n in (1, 2)],
    }
    return render(request, "health/again.html", context)


# --- Trend and medicines -------------------------------------------------------------------------


@never_cache
@require_GET
@portal_view
def trend(request: PortalRequest) -> HttpResponse:
    """Say the week in words, then numbers, then the picture or the table."""
    patient = find_health_patient(request)
    if patient is None:
        return say_closed(request)
    days = days_of(request.GET.get("days", ""), PHONE_RANGES)
    panel = panels.load_panel(patient, days=days, width=PHONE_WIDTH)
    book = queries.load_book(patient.hospital_id)
    context = {
        "panel": panel,
        "ranges": [(count, count == days) for count in PHONE_RANGES],
        "is_table": request.GET.get("view") == "table",
        "chat_url": find_url("conversations:phone_chat"),
        "told": book.text("level.yellow", get_language() or "zh-hans")
        if panel.words.state == "above"
        else "",
    }
    return render(request, "health/phone_trend.html", context)


def days_of(text: str, ranges: tuple[int, ...]) -> int:
    return int(text) if text in {str(days) for days in ranges} else ranges[0]


@never_cache
@require_GET
@portal_view
def medicines(request: PortalRequest) -> HttpResponse:
    """Show the doses of today with one button for all and one for the exceptions."""
    patient = find_health_patient(request)
    if patient is None:
        return say_closed(request)
    today = time.today(patient.hospital)
    slots = ("morning", "noon", "evening", "bedtime")
    cards = [queries.doses_of_day(patient, today, slot) for slot in slots]
    context = {
        "patient": patient,
        "today": today,
        "cards": [card for card in cards if card.doses],
        "open_slot": request.GET.get("slot", ""),
    }
    return render(request, "health/medicines.html", context)


@require_POST
@portal_view
def tick(request: PortalRequest, slot: str) -> HttpResponse:
    """Tick a slot: everything taken, or only the ones that are marked."""
    patient = access_health_patient(request)
    taken = request.POST.getlist("taken") if "some" in request.POST else None
    day = time.today(patient.hospital)
    doses = actions.tick_doses(patient, day, slot, by=request.holder, taken=taken)
    messages.success(
        request,
        _("已记下：%(count)d 种。") % {"count": doses.taken_count},
    )
    return redirect(back_url(request))


@require_POST
@portal_view
def untick(request: PortalRequest, slot: str) -> HttpResponse:
    patient = access_health_patient(request)
    actions.undo_tick(patient, time.today(patient.hospital), slot, by=request.holder)
    messages.success(request, _("已撤销，可以重新记。"))
    return redirect(back_url(request))


def back_url(request: PortalRequest) -> str:
    """Go back to the page the tick was on, which is the medicines or the home page."""
    home = find_url("desk:phone_home")
    is_home = request.POST.get("next") == "home"
    return home if home and is_home else reverse("health:phone_medicines")
