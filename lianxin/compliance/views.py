"""Console pages: who looked, consent on behalf, forgetting a patient, trying the wording guard."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lianxin.compliance import actions, forms, queries, words
from lianxin.compliance.models import Consent
from lianxin.core import access_log
from lianxin.patients import queries as patients
from lianxin.web.http import StaffRequest, staff_view

PAGE_ROWS = 50


def patient_url(key: str) -> str:
    return f"{reverse('patients:list')}{key}/"


def language() -> str:
    return get_language() or "zh-hans"


@require_GET
@staff_view("audit.read")
def overview(request: StaffRequest) -> HttpResponse:
    """Show what a privacy officer looks at first."""
    erasures = queries.list_erasures(request.staff)
    context = {
        "refusal_count": queries.count_refusals(request.staff),
        "readers": queries.busiest_readers(request.staff),
        "erasures": [(row, words.REASONS[row.reason]) for row in erasures],
        "consents": queries.count_consents(request.staff, language()),
    }
    return render(request, "compliance/overview.html", context)


@require_GET
@staff_view("audit.read")
def access(request: StaffRequest) -> HttpResponse:
    """Show the access log, a page at a time."""
    form = forms.AccessForm(request.GET)
    found = queries.list_access(request.staff, form.wanted())
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    looks = queries.in_words(request.staff.hospital_id, page.object_list)
    keys = queries.patient_keys(request.staff, [look.patient_id for look in looks])
    context = {
        "page": page,
        "rows": [(look, words.page_words(look.page), keys.get(look.patient_id)) for look in looks],
        "form": form,
        "outcomes": forms.OUTCOMES,
        "people": queries.list_people(request.staff),
    }
    template = "compliance/access.html#rows" if request.htmx else "compliance/access.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@staff_view("consent.record")
def consents(request: StaffRequest, key: str) -> HttpResponse:
    """Write down what a patient answered on paper or by word, question by question."""
    patient = patients.access_patient(request.staff, key)
    questions = queries.list_questions(patient, language())
    form = forms.RecordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = actions.record_answers(
            patient,
            forms.read_answers(request.POST, questions),
            by=request.staff,
            source=form.cleaned_data["source"],
            language=language(),
        )
        messages.success(request, _("已记录 %(count)d 项，马上生效。") % {"count": len(changed)})
        return redirect("compliance:consents", key=key)
    access_log.record_views(request.staff, [patient.pk], page="compliance:consents")
    context = {
        "form": form,
        "questions": questions,
        "history": [in_words(row) for row in queries.list_consent_history(patient)[:30]],
        "face": patients.face_of(patient),
        "url": patient_url(key),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "compliance/consents.html", context, status=status)


def in_words(row: Consent) -> tuple[Consent, str, str, str]:
    purpose = queries.find_purpose(row.purpose)
    title = purpose.words(language()).title if purpose else row.purpose
    return row, title, str(words.DECISIONS[row.decision]), str(words.SOURCES[row.source])


@require_http_methods(["GET", "POST"])
@staff_view("patient.erase")
def erase(request: StaffRequest, key: str) -> HttpResponse:
    """Say what will happen, then forget the patient for good."""
    patient = patients.access_patient(request.staff, key)
    form = forms.EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.erase_patient(patient, by=request.staff, reason=form.cleaned_data["reason"])
        messages.success(request, _("已删除。密钥已销毁，不能恢复。"))
        return redirect("patients:list")
    access_log.record_views(request.staff, [patient.pk], page="compliance:erase")
    context = {
        "form": form,
        "plan": queries.plan_erasure(request.staff, patient),
        "face": patients.face_of(patient),
        "url": patient_url(key),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "compliance/erase.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_view("content.read")
def wording(request: StaffRequest) -> HttpResponse:
    """Try a text on the guard, and read the list of phrases it watches."""
    form = forms.WordingForm(request.POST or None)
    pieces: list[words.Piece] = []
    findings = []
    if request.method == "POST" and form.is_valid():
        text, context_code = form.cleaned_data["text"], form.cleaned_data["context"]
        findings = queries.check_wording(request.staff.hospital_id, text, context_code)
        pieces = words.pieces_of(text, findings)
    context = {
        "form": form,
        "findings": [(finding, words.CATEGORIES[finding.category]) for finding in findings],
        "pieces": pieces,
        "was_checked": request.method == "POST" and form.is_valid(),
        "groups": words.phrase_groups(queries.guard_phrases(request.staff.hospital_id)),
    }
    status = 422 if request.method == "POST" and not form.is_valid() else 200
    return render(request, "compliance/wording.html", context, status=status)
