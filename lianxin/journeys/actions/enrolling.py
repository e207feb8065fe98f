"""Starting a journey, by hand or because something happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import IntegrityError, transaction

from lianxin.compliance.queries import consents_of
from lianxin.core import events, live, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Hospital
from lianxin.journeys import queries
from lianxin.journeys.actions.planning import AHEAD, make_steps, save_steps
from lianxin.journeys.models import Enrolment, Journey, JourneyVersion
from lianxin.journeys.rules.definition import Definition
from lianxin.journeys.rules.entry import (
    Answer,
    Candidate,
    PastEnrolment,
    find_anchor,
    is_in_group,
    is_started_by,
    may_enter,
)
from lianxin.journeys.rules.schedule import is_over
from lianxin.journeys.words import ENTRY
from lianxin.patients.models import Patient


@transaction.atomic
def enrol_patient(journey: Journey, patient: Patient, *, by: Actor) -> Enrolment:
    """Put a verified patient who consented on the live version, once at a time."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    version = find_live(journey)
    if version is None:
        raise RefusedError(str(ENTRY["not_live"]))
    definition = queries.definition_of(version)
    answer = may_start(definition, journey, patient)
    if answer != "yes":
        raise RefusedError(str(ENTRY[answer]))
    return start(version, definition, patient, by=by)


def find_live(journey: Journey) -> JourneyVersion | None:
    return JourneyVersion.objects.filter(journey=journey, state=JourneyVersion.State.LIVE).first()


def may_start(definition: Definition, journey: Journey, patient: Patient) -> Answer:
    past = queries.list_past_of(patient.hospital_id, patient.pk, journey.pk)
    candidate = Candidate(
        is_verified=queries.is_verified(patient.hospital_id, patient.pk),
        is_stopped=patient.is_stopped or patient.state != Patient.State.ACTIVE,
        consents=consents_of(patient.hospital_id, [patient.pk]).get(patient.pk, frozenset()),
        past=[PastEnrolment(one.state, one.ended_at) for one in past],
    )
    answer = may_enter(definition, candidate, time.now())
    if answer != "yes":
        return answer
    hospital = Hospital.objects.get(pk=patient.hospital_id)
    anchor = anchor_of(definition, patient, time.today(hospital))
    if anchor is None:
        return "no_anchor"
    # A journey whose last day lies behind has nothing left for this patient.
    return "over" if is_over(definition, anchor, time.today(hospital) - ONE_DAY) else "yes"


ONE_DAY = timedelta(days=1)


def anchor_of(definition: Definition, patient: Patient, today: date) -> date | None:
    """Return day 0; who is not in hospital and has no date starts today."""
    anchor = find_anchor(definition, discharged_on=patient.discharged_on, today=today)
    if anchor is None and patient.stage == Patient.Stage.AFTER_VISIT:
        return today
    return anchor


def start(
    version: JourneyVersion, definition: Definition, patient: Patient, *, by: Actor
) -> Enrolment:
    hospital = Hospital.objects.get(pk=patient.hospital_id)
    today = time.today(hospital)
    anchor = anchor_of(definition, patient, today)
    if anchor is None:
        raise RefusedError(str(ENTRY["no_anchor"]))
    try:
        with transaction.atomic():
            enrolment = Enrolment.objects.create(
                hospital=hospital,
                patient=patient,
                journey_id=version.journey_id,
                version=version,
                anchor_on=anchor,
                planned_until=today + AHEAD,
                enrolled_at=time.now(),
                by_kind=by.kind,
                by_id=by.id,
            )
    except IntegrityError as error:
        raise RefusedError(str(ENTRY["already_on_it"])) from error
    first = min(anchor, today)
    save_steps(make_steps(enrolment, hospital.time_zone, first, today + AHEAD))
    record("journey.enrolled", enrolment, by=by)
    return enrolment


def enrol_by_event(hospital_id: int, patient_ids: Iterable[int], event: str) -> int:
    """Start what a live code, a group, a discharge date or this event starts. Return how many.

    A repeated event starts nothing twice: the running enrolment says no.
    """
    started = 0
    journeys = queries.list_live_journeys(hospital_id)
    patients = Patient.objects.of(hospital_id).reachable().filter(pk__in=set(patient_ids))
    for patient in patients.order_by("pk"):
        ways = queries.ways_of(hospital_id, patient.pk)
        for journey in journeys:
            started += try_start(journey, patient, ways, event)
    return started


def try_start(journey: Journey, patient: Patient, ways: queries.Ways, event: str) -> bool:
    version = journey.live
    if version is None:
        return False
    definition = queries.definition_of(version)
    if not is_triggered(definition, journey, patient, ways, event):
        return False
    if may_start(definition, journey, patient) != "yes":
        return False
    try:
        with transaction.atomic():
            start(version, definition, patient, by=SystemActor(patient.hospital_id))
    except RefusedError:
        # Another worker heard the same event and was faster.
        return False
    return True


def is_triggered(
    definition: Definition, journey: Journey, patient: Patient, ways: queries.Ways, event: str
) -> bool:
    if is_started_by(definition, "event", event):
        return True
    by_code = journey.code in ways.codes or journey.key in ways.codes
    if by_code and is_started_by(definition, "live_code"):
        return True
    if is_in_group(definition.triggers, ways.groups):
        return True
    has_date = patient.discharged_on is not None
    return has_date and is_started_by(definition, "date", "discharged_on")


def record(name: str, enrolment: Enrolment, *, by: Actor, reason: str = "") -> None:
    data = {"journey_id": enrolment.journey_id, "version_id": enrolment.version_id}
    events.record(
        name,
        hospital_id=enrolment.hospital_id,
        subject="enrolment",
        subject_id=enrolment.pk,
        by=by,
        patient_id=enrolment.patient_id,
        data=data | ({"reason": reason} if reason else {}),
    )
    live.publish(enrolment.hospital_id, "today")
