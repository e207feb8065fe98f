"""The console's journeys: list, one SOP as a grid of days, who is on it, its definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.core import access_log, time
from lianxin.core.errors import NotFoundError, RefusedError
from lianxin.journeys import actions, queries, words
from lianxin.journeys.catalogue import list_templates, load_template
from lianxin.journeys.forms import DefinitionForm, EnrolForm, as_text
from lianxin.journeys.models import DueStep, Enrolment, Journey, JourneyVersion
from lianxin.journeys.rules.definition import Definition, Step, words_in
from lianxin.journeys.rules.grid import Cell, Row, make_grid
from lianxin.patients.queries import access_patient, names_of
from lianxin.web.http import StaffRequest, staff_view

PAGE_SIZE = 40
SHOWN_BESIDE = 8
# The grid's percentages look back this far: newer than that is what the page is about.
TALLY_DAYS = 60


@require_GET
@staff_view("journey.read")
def list_journeys(request: StaffRequest) -> HttpResponse:
    journeys = list(queries.list_journeys(request.staff))
    counts = queries.count_enrolments(request.staff.hospital_id, [j.pk for j in journeys])
    known = {journey.code for journey in journeys}
    rows = [
        {"journey": j, "name": name_of(j), **standing(j, counts.get(j.pk, {}))} for j in journeys
    ]
    context = {
        "rows": rows,
        "running": sum(row["active"] + row["paused"] for row in rows),
        "templates": [template_row(name) for name in list_templates() if name not in known],
        "may_edit": request.staff.may("journey.edit"),
        "failed": queries.count_failed(request.staff.hospital_id),
    }
    return render(request, "journeys/list.html", context)


def name_of(journey: Journey) -> str:
    return journey.name_in(translation.get_language() or "")


def standing(journey: Journey, counts: dict[str, int]) -> dict[str, Any]:
    state = "live" if journey.live else "draft"
    return {
        "state_word": words.VERSION_STATES[state][0],
        "state_tone": words.VERSION_STATES[state][1],
        "active": counts.get("active", 0),
        "paused": counts.get("paused", 0),
        "stopped": counts.get("stopped", 0),
        "finished": counts.get("finished", 0),
    }


def template_row(name: str) -> dict[str, str]:
    names = load_template(name)["name"]
    return {"code": name, "name": names.get(translation.get_language(), names["zh-hans"])}


@require_POST
@staff_view("journey.edit")
def add_template(request: StaffRequest, name: str) -> HttpResponse:
    if name not in list_templates():
        raise NotFoundError
    version = actions.save_draft(request.staff.hospital, load_template(name), by=request.staff)
    return to_journey(version.journey)


@require_GET
@staff_view("journey.read")
def show_journey(request: StaffRequest, key: str) -> HttpResponse:
    journey = queries.access_journey(request.staff, key)
    version = choose_version(request, journey)
    return render(request, "journeys/journey.html", journey_context(request, journey, version))


def choose_version(request: StaffRequest, journey: Journey) -> JourneyVersion:
    """Return the version asked for, else the live one, else the newest."""
    typed = request.GET.get("version", "")
    if typed.isdecimal() and len(typed) < 7:
        return queries.access_version(request.staff, journey, int(typed))
    versions = queries.list_versions(journey)
    live = next((v for v in versions if v.pk == journey.live_id), None)
    if live is None and not versions:
        raise NotFoundError
    return live or versions[0]


def journey_context(
    request: StaffRequest, journey: Journey, version: JourneyVersion
) -> dict[str, Any]:
    definition = queries.definition_of(version)
    today = time.today(request.staff.hospital)
    tallies = queries.tally_steps(version, today - timedelta(days=TALLY_DAYS))
    running = queries.list_enrolments(request.staff, journey)
    counts = queries.count_enrolments(request.staff.hospital_id, [journey.pk])
    in_use = queries.count_versions_in_use(journey)
    versions = [
        {"version": v, "state": words.VERSION_STATES[v.state], "running": in_use.get(v.pk, 0)}
        for v in queries.list_versions(journey)
    ]
    return {
        "journey": journey,
        "name": name_of(journey),
        "version": version,
        "version_state": words.VERSION_STATES[version.state],
        "definition": definition,
        "facts": facts_of(journey.hospital_id, definition),
        "grid": [grid_row(row) for row in make_grid(definition, tallies)],
        "slots": {slot.name: f"{slot.opens:%H:%M}" for slot in definition.slots},
        "versions": versions,
        "running_here": in_use.get(version.pk, 0),
        "counts": standing(journey, counts.get(journey.pk, {})),
        "enrolments": enrolment_rows(request, list(running[:SHOWN_BESIDE])),
        **permissions(request, version),
    }


def permissions(request: StaffRequest, version: JourneyVersion) -> dict[str, bool]:
    staff = request.staff
    is_draft = version.state == JourneyVersion.State.DRAFT
    return {
        "may_edit": staff.may("journey.edit"),
        "may_approve": is_draft and staff.may("journey.approve") and version.made_by_id != staff.pk,
        "is_own_draft": is_draft and version.made_by_id == staff.pk,
        "may_publish": version.state == JourneyVersion.State.APPROVED and staff.may("journey.edit"),
        "may_retire": version.state == JourneyVersion.State.LIVE and staff.may("journey.edit"),
        "may_stop": staff.may("patient.edit"),
    }


def facts_of(hospital_id: int, definition: Definition) -> dict[str, Any]:
    names = queries.group_names_of(hospital_id, definition)
    return {
        "triggers": [words.trigger_sentence(t, names) for t in definition.triggers],
        "hangs_on_groups": any(trigger.kind == "group" for trigger in definition.triggers),
        "purposes": [words.PURPOSES.get(p, p) for p in definition.purposes],
        "reentry": definition.reentry_after_days,
        "last_day": definition.last_day,
        "source": words_in(definition.source, translation.get_language() or "")
        if definition.source
        else "",
    }


def grid_row(row: Row) -> dict[str, Any]:
    return {
        "first": row.first,
        "last": row.last,
        "same_as": row.same_as,
        "morning": grid_cell(row.morning),
        "day": [grid_cell(cell) for cell in row.day],
        "evening": grid_cell(row.evening),
    }


def grid_cell(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    first = cell.steps[0]
    language = translation.get_language() or ""
    icon = "moon" if first.slot == "evening" else words.KINDS[first.kind][1]
    return {
        "kind": words.KINDS[first.kind][0],
        "icon": icon,
        "title": " · ".join(step_title(step, language) for step in cell.steps),
        "at": f"{first.timing.at:%H:%M}" if first.timing else "",
        "is_merged": len(cell.steps) > 1,
        "way": first.kind,
        "percent": cell.tally.percent,
        "settled": cell.tally.settled,
    }


def step_title(step: Step, language: str) -> str:
    word = words.ITEMS.get(step.item)
    return str(word) if word else step.title_in(language)


def enrolment_rows(request: StaffRequest, enrolments: Sequence[Enrolment]) -> list[dict[str, Any]]:
    """Show who is where; the look at these patients goes into the access log."""
    staff = request.staff
    patient_ids = [enrolment.patient_id for enrolment in enrolments]
    may_see = staff.may("patient.read")
    faces = names_of(staff.hospital_id, patient_ids) if may_see else {}
    if may_see:
        access_log.record_views(staff, patient_ids, page="journeys.enrolments")
    nexts = queries.next_steps_of(staff.hospital_id, [enrolment.pk for enrolment in enrolments])
    today = time.today(staff.hospital)
    return [
        {
            "enrolment": enrolment,
            "face": faces.get(enrolment.patient_id),
            "day": queries.position_of(enrolment, today),
            "next": nexts.get(enrolment.pk),
            "state_word": words.STATES[enrolment.state][0],
            "state_tone": words.STATES[enrolment.state][1],
            "ending": words.ENDINGS.get(enrolment.end_reason, ""),
        }
        for enrolment in enrolments
    ]


@require_http_methods(["GET", "POST"])
@staff_view("journey.edit")
def edit_definition(request: StaffRequest, key: str) -> HttpResponse:
    journey = queries.access_journey(request.staff, key)
    version = choose_version(request, journey)
    form = DefinitionForm(
        request.POST or None, initial={"text": as_text(queries.as_document(version))}
    )
    if request.method == "POST" and form.is_valid():
        document = form.cleaned_data["text"]
        if document["key"] != journey.code:
            raise RefusedError(str(words.OTHER_KEY))
        actions.save_draft(request.staff.hospital, document, by=request.staff)
        return to_journey(journey)
    context = {
        "journey": journey,
        "name": name_of(journey),
        "form": form,
        "version": version,
        "groups": queries.list_group_names(request.staff),
    }
    return render(request, "journeys/definition.html", context, status=422 if form.errors else 200)


@require_POST
@staff_view("journey.approve")
def approve(request: StaffRequest, key: str, number: int) -> HttpResponse:
    journey = queries.access_journey(request.staff, key)
    version = queries.access_version(request.staff, journey, number)
    actions.approve_version(version, by=request.staff)
    return to_journey(journey, number)


@require_POST
@staff_view("journey.edit")
def publish(request: StaffRequest, key: str, number: int) -> HttpResponse:
    journey = queries.access_journey(request.staff, key)
    version = queries.access_version(request.staff, journey, number)
    actions.publish_version(version, by=request.staff)
    return to_journey(journey)


@require_POST
@staff_view("journey.edit")
def retire(request: StaffRequest, key: str) -> HttpResponse:
    journey = queries.access_journey(request.staff, key)
    actions.retire_journey(journey, by=request.staff)
    return to_journey(journey)


@require_http_methods(["GET", "POST"])
@staff_view("journey.read")
def enrolments(request: StaffRequest, key: str) -> HttpResponse:
    """Show who is on it; a POST puts one more patient on it."""
    journey = queries.access_journey(request.staff, key)
    if request.method == "POST":
        form = EnrolForm(request.POST)
        if not form.is_valid():
            return HttpResponse(status=422)
        patient = access_patient(request.staff, form.cleaned_data["patient"])
        enrolment = actions.enrol_patient(journey, patient, by=request.staff)
        return to_enrolment(enrolment)
    is_running = request.GET.get("ended") != "1"
    rows = queries.list_enrolments(request.staff, journey, running=is_running)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "journey": journey,
        "name": name_of(journey),
        "page": page,
        "rows": enrolment_rows(request, list(page)),
        "is_running": is_running,
        "may_stop": request.staff.may("patient.edit"),
    }
    return render(request, "journeys/enrolments.html", context)


@require_GET
@staff_view("patient.read")
def show_enrolment(request: StaffRequest, key: str) -> HttpResponse:
    enrolment = queries.access_enrolment(request.staff, key)
    definition = queries.definition_of(enrolment.version)
    steps = [step_row(step, definition) for step in queries.list_due_steps(enrolment)]
    context = {
        "row": enrolment_rows(request, [enrolment])[0],
        "enrolment": enrolment,
        "name": name_of(enrolment.journey),
        "steps": steps,
        "last_day": definition.last_day,
        "may_stop": request.staff.may("patient.edit"),
        "may_replay": request.staff.may("journey.edit"),
    }
    return render(request, "journeys/enrolment.html", context)


def step_row(step: DueStep, definition: Definition) -> dict[str, Any]:
    planned = definition.step_by_key.get(step.step_key)
    return {
        "step": step,
        "title": step_title(planned, translation.get_language() or "") if planned else "",
        "state_word": words.STEP_STATES[step.state],
        "reason": words.REASONS.get(step.reason, ""),
        "is_open": step.state in DueStep.OPEN,
        "is_failed": step.state == DueStep.State.FAILED,
    }


@require_POST
@staff_view("patient.edit")
def pause(request: StaffRequest, key: str) -> HttpResponse:
    enrolment = queries.access_enrolment(request.staff, key)
    actions.pause_enrolment(enrolment, by=request.staff)
    return to_enrolment(enrolment)


@require_POST
@staff_view("patient.edit")
def resume(request: StaffRequest, key: str) -> HttpResponse:
    enrolment = queries.access_enrolment(request.staff, key)
    actions.resume_enrolment(enrolment, by=request.staff)
    return to_enrolment(enrolment)


@require_POST
@staff_view("patient.edit")
def stop(request: StaffRequest, key: str) -> HttpResponse:
    enrolment = queries.access_enrolment(request.staff, key)
    actions.stop_enrolment(enrolment, by=request.staff)
    return to_enrolment(enrolment)


@require_POST
@staff_view("patient.edit")
def skip(request: StaffRequest, key: str, step_id: int) -> HttpResponse:
    enrolment = queries.access_enrolment(request.staff, key)
    step = queries.access_due_step(request.staff, enrolment, step_id)
    actions.skip_step(step, by=request.staff)
    return to_enrolment(enrolment)


@require_POST
@staff_view("journey.edit")
def replay(request: StaffRequest, key: str, step_id: int) -> HttpResponse:
    enrolment = queries.access_enrolment(request.staff, key)
    step = queries.access_due_step(request.staff, enrolment, step_id)
    actions.replay_step(step, by=request.staff)
    return to_enrolment(enrolment)


def to_journey(journey: Journey, number: int | None = None) -> HttpResponse:
    url = reverse("journeys:journey", args=[journey.key])
    return HttpResponseRedirect(f"{url}?version={number}" if number else url)


def to_enrolment(enrolment: Enrolment) -> HttpResponse:
    return HttpResponseRedirect(reverse("journeys:enrolment", args=[enrolment.key]))
