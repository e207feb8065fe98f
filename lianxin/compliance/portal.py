"""Patient pages: consent per purpose, and everything that is mine."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.compliance import actions, forms, queries
from lianxin.core import access_log
from lianxin.patients import queries as patients
from lianxin.patients.models import Patient
from lianxin.web.http import PortalRequest, portal_view
from lianxin.web.navigation import find_url

THREE_STEPS = [True, True, True]
LOOKS_SHOWN = 5


def language() -> str:
    return get_language() or "zh-hans"


@require_http_methods(["GET", "POST"])
@never_cache
@portal_view
def consent(request: PortalRequest) -> HttpResponse:
    """Ask one purpose at a time. Nothing is ticked; what is not answered is written as no."""
    patient = patients.find_current_patient(request.holder)
    if patient is None:
        return redirect("patients:who")
    asked = [q for q in queries.list_questions(patient, language()) if q.purpose.is_asked_first]
    if request.method == "POST":
        answers = forms.read_answers(request.POST, asked)
        actions.answer_questions(patient, answers, by=request.holder, language=language())
        return redirect(home_url())
    context = {"questions": asked, "dots": THREE_STEPS, "face": patients.face_of(patient)}
    return render(request, "compliance/phone_consent.html", context)


@require_GET
@never_cache
@portal_view
def me(request: PortalRequest) -> HttpResponse:
    """Show what is mine: for whom I hold the phone, what I agreed to, and who looked."""
    holding = patients.find_current_holding(request.holder)
    holdings = patients.list_holdings(request.holder)
    opened = {held.pk for held in patients.patients_of(request.holder)}
    faces = patients.names_of(
        request.holder.hospital_id, [held.patient_id for held in holdings if held.pk in opened]
    )
    patient = holding.patient if holding else None
    context = {
        "holding": holding,
        "people": [(held, faces.get(held.patient_id)) for held in holdings],
        "questions": queries.list_questions(patient, language()) if patient else [],
        "looks": queries.who_looked(patient, limit=LOOKS_SHOWN) if patient else [],
        # The room above this one, where it is installed.
        "notices_url": find_url("outreach:phone_notices"),
    }
    return render(request, "compliance/phone_me.html", context)


@require_POST
@portal_view
def answer(request: PortalRequest, code: str) -> HttpResponse:
    """Change one answer; it counts at once."""
    patient = patients.access_current_patient(request.holder)
    form = forms.AnswerForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_("请选「同意」或「不同意」。"), status=422)
    change = (
        actions.give_consent
        if form.cleaned_data["answer"] == forms.YES
        else actions.withdraw_consent
    )
    change(patient, code, by=request.holder, language=language())
    if request.htmx:
        return show_question(request, patient, code)
    messages.success(request, _("已保存，马上生效。"))
    return redirect("compliance:phone_me")


def show_question(request: PortalRequest, patient: Patient, code: str) -> HttpResponse:
    question = next(q for q in queries.list_questions(patient, language()) if q.code == code)
    return render(request, "compliance/phone_me.html#question", {"question": question})


@require_GET
@never_cache
@portal_view
def looks(request: PortalRequest) -> HttpResponse:
    """Show the patient who looked at her record: the same log that the privacy officer reads."""
    patient = patients.access_current_patient(request.holder)
    access_log.record_views(request.holder, [patient.pk], page="compliance:phone_looks")
    context = {"looks": queries.who_looked(patient), "face": patients.face_of(patient)}
    return render(request, "compliance/phone_looks.html", context)


@require_GET
@portal_view
def notice(request: PortalRequest) -> HttpResponse:
    """Show the whole notice: every purpose, what it is for, how long what is kept."""
    context = {"purposes": queries.list_purposes(language())}
    return render(request, "compliance/phone_notice.html", context)


def home_url() -> str:
    return find_url("desk:phone_home") or find_url("compliance:phone_me")
