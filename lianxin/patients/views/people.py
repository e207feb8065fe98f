"""Console pages: who our patients are, writing them down, and the taps that change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from lianxin.core import access_log
from lianxin.core.errors import NotFoundError
from lianxin.patients import actions, forms, queries
from lianxin.patients.models import Patient
from lianxin.patients.queries import PatientFace
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Chip

PAGE_ROWS = 40
# A search is exact, so more hits than this are people of one name: ask for the number instead.
SEARCH_ROWS = 50


@dataclass(frozen=True)
class PatientRow:
    """One line of the list, in words."""

    face: PatientFace
    url: str
    sex: str | Promise
    stage: str | Promise
    risk: str | Promise
    team: str
    department: str
    discharged_on: date | None
    tags: list[str]
    is_held: bool
    is_stopped: bool
    stopped_for: str | Promise


def patient_url(key: str) -> str:
    """Return where the patient's page is; the room above answers there."""
    return f"{reverse('patients:list')}{key}/"


@require_http_methods(["GET", "POST"])
@staff_view("patient.read")
def index(request: StaffRequest) -> HttpResponse:
    """List patients. A search is posted: a name or number never stands in an address."""
    search = ""
    if request.method == "POST":
        searched = forms.SearchForm(request.POST)
        search = searched.cleaned_data["search"] if searched.is_valid() else ""
    form = forms.FilterForm(request.GET)
    found = queries.list_patients(request.staff, form.wanted(search))
    page = Paginator(
        found.select_related("team", "department"), SEARCH_ROWS if search else PAGE_ROWS
    ).get_page(request.GET.get("page"))
    rows = make_rows(request, page)
    context = {
        "page": page,
        "rows": rows,
        "search": search,
        "chips": standing_chips(request),
        "form": form,
        "stages": forms.STAGES,
        "risks": forms.RISKS,
        "teams": queries.list_teams_of(request.staff),
        "may_register": request.staff.may("patient.edit"),
        "likeness_count": count_waiting(request),
        "may_verify": request.staff.may("patient.verify"),
    }
    template = "patients/index.html#rows" if request.htmx else "patients/index.html"
    return render(request, template, context)


def count_waiting(request: StaffRequest) -> int:
    """Count the pairs that this member of staff may decide about; the rows alone need no count."""
    may_decide = request.staff.may("patient.edit") and not request.htmx
    return queries.count_likenesses(request.staff) if may_decide else 0


def make_rows(request: StaffRequest, page: Page[Patient]) -> list[PatientRow]:
    """Open the faces of one page, and write down that they were shown."""
    hospital_id: int = request.staff.hospital_id
    patients = list(page.object_list)
    ids = [patient.pk for patient in patients]
    access_log.record_views(request.staff, ids, page="patients:list")
    tags = queries.tags_of(hospital_id, ids)
    held = queries.held_patient_ids(hospital_id, ids)
    faces = queries.faces_of(hospital_id, patients)
    return [
        PatientRow(
            face=face,
            url=patient_url(face.key),
            sex=forms.WORDS[face.sex] if face.sex != Patient.Sex.UNKNOWN else "",
            stage=forms.WORDS[face.stage],
            risk=forms.WORDS[face.risk] if face.risk != Patient.Risk.UNKNOWN else "",
            team=patient.team.name if patient.team else "",
            department=patient.department.name if patient.department else "",
            discharged_on=patient.discharged_on,
            tags=tags.get(patient.pk, []),
            is_held=patient.pk in held,
            is_stopped=patient.is_stopped,
            stopped_for=forms.WORDS.get(patient.stop_reason, ""),
        )
        for patient, face in zip(patients, faces, strict=True)
    ]


def standing_chips(request: StaffRequest) -> list[Chip]:
    current = request.GET.get("standing", "")
    return [
        Chip(
            label=str(label),
            url=f"?standing={value}" if value else "?",
            is_current=value == current,
        )
        for value, label in forms.STANDINGS
    ]


@require_http_methods(["GET", "POST"])
@staff_view("patient.edit")
def register(request: StaffRequest) -> HttpResponse:
    form = forms.PatientForm(request.POST or None, hospital_id=request.staff.hospital_id)
    if request.method == "POST" and form.is_valid():
        patient = actions.register_patient(
            request.staff.hospital_id, form.facts(), by=request.staff
        )
        messages.success(request, _("已登记。请对方打开手机上的页面，用住院号核验。"))
        return redirect("patients:bedside_patient", key=patient.key)
    status = 422 if request.method == "POST" else 200
    return render(request, "patients/register.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@staff_view("patient.edit")
def edit(request: StaffRequest, key: str) -> HttpResponse:
    """Correct what was written down. The form shows it in full, so the look is on record."""
    patient = queries.access_patient(request.staff, key)
    hospital_id: int = request.staff.hospital_id
    if request.method == "POST":
        form = forms.PatientForm(request.POST, hospital_id=hospital_id)
        if form.is_valid():
            actions.correct_patient(patient, form.facts(), by=request.staff)
            messages.success(request, _("已保存。"))
            return redirect(patient_url(key))
    else:
        known = queries.open_facts(patient)
        initial = forms.initial_of(patient, known)
        form = forms.PatientForm(initial=initial, hospital_id=hospital_id)
    access_log.record_views(request.staff, [patient.pk], page="patients:edit")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "face": queries.face_of(patient), "url": patient_url(key)}
    return render(request, "patients/edit.html", context, status=status)


@require_POST
@never_cache
@staff_view("patient.reveal")
def reveal(request: StaffRequest, key: str) -> HttpResponse:
    """Show name, phone and number in full once; the patient can read that it was done."""
    patient = queries.access_patient(request.staff, key)
    access_log.record_views(request.staff, [patient.pk], page="patients:reveal")
    context = {
        "revealed": queries.reveal(request.staff, patient),
        "face": queries.face_of(patient),
        "url": patient_url(key),
    }
    template = "patients/reveal.html#facts" if request.htmx else "patients/reveal.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@staff_view("patient.verify")
def bedside(request: StaffRequest) -> HttpResponse:
    """Bind a phone by the number on the wristband and the digits on the phone."""
    form = forms.BedsideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["inpatient"]
        patient = queries.find_by_inpatient(request.staff.hospital_id, number)
        if patient is not None:
            return bind_phone(request, patient, form.cleaned_data["number"])
        form.add_error("inpatient", _("没有这个住院号。请核对，或先登记患者。"))
    status = 422 if request.method == "POST" else 200
    return show_bedside(request, form, None, status)


@require_http_methods(["GET", "POST"])
@staff_view("patient.verify")
def bedside_patient(request: StaffRequest, key: str) -> HttpResponse:
    """Do the same for a patient whose page is open: only the digits are asked."""
    patient = queries.access_patient(request.staff, key)
    form = forms.BedsideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return bind_phone(request, patient, form.cleaned_data["number"])
    status = 422 if request.method == "POST" else 200
    return show_bedside(request, form, patient, status)


def bind_phone(request: StaffRequest, patient: Patient, digits: str) -> HttpResponse:
    holding = actions.verify_at_bedside(patient, digits, by=request.staff)
    relation = forms.WORDS[holding.relation]
    messages.success(request, _("已核验并绑定：%(relation)s。") % {"relation": relation})
    return redirect(patient_url(patient.key))


def show_bedside(
    request: StaffRequest, form: forms.BedsideForm, patient: Patient | None, status: int
) -> HttpResponse:
    face = None
    if patient is not None:
        access_log.record_views(request.staff, [patient.pk], page="patients:bedside")
        face = queries.face_of(patient)
    pending = queries.list_pending_holdings(request.staff)
    context = {
        "form": form,
        "face": face,
        "url": patient_url(patient.key) if patient else "",
        "open_count": queries.count_open_bedside_numbers(request.staff),
        "pending_count": len(pending),
    }
    return render(request, "patients/bedside.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_view("patient.life_event")
def life_event(request: StaffRequest, key: str) -> HttpResponse:
    """Say what will stop, then stop it."""
    patient = queries.access_patient(request.staff, key)
    form = forms.LifeEventForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.record_life_event(
            patient, form.cleaned_data["kind"], by=request.staff, note=form.cleaned_data["note"]
        )
        messages.success(request, _("已停止对这位患者的全部触达，并为护士建了人工随访。"))
        return redirect(patient_url(key))
    access_log.record_views(request.staff, [patient.pk], page="patients:life_event")
    context = {
        "form": form,
        "face": queries.face_of(patient),
        "patient": patient,
        "url": patient_url(key),
        "stopped_for": forms.WORDS.get(patient.stop_reason, ""),
        "reversible": forms.REVERSIBLE_EVENTS,
        "final": forms.FINAL_EVENT,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "patients/life_event.html", context, status=status)


@require_POST
@staff_view("patient.life_event")
def resume(request: StaffRequest, key: str) -> HttpResponse:
    patient = queries.access_patient(request.staff, key)
    actions.resume_patient(patient, by=request.staff)
    messages.success(request, _("可以重新触达了。停掉的旅程不会自己恢复，请按需要重新入组。"))
    return redirect(patient_url(key))


@require_POST
@staff_view("patient.edit")
def add_tag(request: StaffRequest, key: str) -> HttpResponse:
    patient = queries.access_patient(request.staff, key)
    form = forms.TagForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_("请写标签的名字，最多 60 个字。"), status=422)
    actions.tag_patient(patient, form.cleaned_data["name"], by=request.staff, reason="manual")
    return redirect(patient_url(key))


@require_POST
@staff_view("patient.edit")
def remove_tag(request: StaffRequest, key: str, tag_key: str) -> HttpResponse:
    patient = queries.access_patient(request.staff, key)
    tag = queries.access_tag(request.staff, tag_key)
    actions.untag_patient(patient, tag, by=request.staff)
    return redirect(patient_url(key))


@require_http_methods(["GET", "POST"])
@staff_view("patient.edit")
def merge(request: StaffRequest, key: str) -> HttpResponse:
    """Find the other row of the same person; both are compared before anything is merged."""
    keep = queries.access_patient(request.staff, key)
    form = forms.MergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["inpatient"]
        duplicate = queries.find_by_inpatient(request.staff.hospital_id, number)
        if duplicate is not None:
            likeness = actions.compare_by_hand(keep, duplicate, by=request.staff)
            return redirect("patients:likeness", key=likeness.key)
        form.add_error("inpatient", _("没有这个住院号。"))
    access_log.record_views(request.staff, [keep.pk], page="patients:merge")
    context = {
        "form": form,
        "face": queries.face_of(keep),
        "url": patient_url(key),
        "merges": queries.list_merges(request.staff, keep),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "patients/merge.html", context, status=status)


@require_POST
@staff_view("patient.edit")
def undo_merge(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_merge(request.staff, key)
    actions.undo_merge(found, by=request.staff)
    messages.success(request, _("合并已撤销，两位患者又分开了。"))
    return redirect("patients:merge", key=found.kept.key)


@require_POST
@staff_view("patient.verify")
def end_holding(request: StaffRequest, key: str) -> HttpResponse:
    """Take a phone away from a patient."""
    holding = queries.access_holding(request.staff, key)
    if holding.patient.state == Patient.State.MERGED:
        raise NotFoundError
    actions.end_holding(holding, by=request.staff)
    messages.success(request, _("这部手机已解除绑定。"))
    return redirect(patient_url(holding.patient.key))
