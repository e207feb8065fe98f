"""Background work: planning ahead, running what is due, and hearing what ends or starts it."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import DataError, IntegrityError

from lianxin.core.actor import SystemActor
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope
from lianxin.journeys import actions, queries
from lianxin.journeys.actions.running import BATCH

log = structlog.get_logger(__name__)

# A tick ends after so many batches; the next one goes on five seconds later.
BATCHES_PER_TICK = 40
# What a broken row or a mistake in a rule raises; a lost connection ends the job instead.
BROKEN = (DataError, IntegrityError, ArithmeticError, LookupError, TypeError, ValueError)
Heard = list[dict[str, Any]]


@periodic(seconds=5, queue="journeys")
def run_due_steps(hospital_id: int) -> None:
    """Run what is due, batch after batch, until nothing is left."""
    for _batch in range(BATCHES_PER_TICK):
        if run_one_batch(hospital_id) < BATCH:
            return


def run_one_batch(hospital_id: int) -> int:
    try:
        with scope(hospital_id):
            return actions.run_due_batch(hospital_id, BATCH)
    except BROKEN:
        log.exception("due_batch_failed", hospital_id=hospital_id)
        return run_one_by_one(hospital_id)


def run_one_by_one(hospital_id: int) -> int:
    """Find the step that a batch stumbled over: the others go on, this one is put aside."""
    for count in range(BATCH):
        if not run_single(hospital_id):
            return count
    return BATCH


def run_single(hospital_id: int) -> bool:
    """Run the step that is due first; False when there is none."""
    try:
        with scope(hospital_id):
            return bool(actions.run_due_batch(hospital_id, 1))
    except BROKEN:
        with scope(hospital_id):
            step_id = actions.fail_first(hospital_id)
        log.exception("due_step_failed", hospital_id=hospital_id, due_step_id=step_id)
        return step_id is not None


@periodic(seconds=60, queue="journeys")
def plan_ahead(hospital_id: int) -> None:
    """Keep a week of rows in front of everybody who is on a journey."""
    for _batch in range(BATCHES_PER_TICK):
        with scope(hospital_id):
            if not actions.plan_batch(hospital_id):
                return


@job(queue="journeys")
def enrol_patients(*, hospital_id: int, events: Heard) -> None:
    """Hear consent.given, patient.verified, patient.corrected …: start what they start."""
    by_name: dict[str, list[int]] = {}
    for event in events:
        if event["patient_id"]:
            by_name.setdefault(event["name"], []).append(event["patient_id"])
    for name, patient_ids in by_name.items():
        with scope(hospital_id):
            actions.enrol_by_event(hospital_id, patient_ids, name)


@job(queue="journeys")
def follow_groups(*, hospital_id: int, events: Heard) -> None:
    """Hear group.joined, group.left: start and end what hangs on being in a group.

    What counts is who is in it now; an event only says whose standing may be another.
    """
    by_name: dict[str, list[int]] = {}
    for event in events:
        by_name.setdefault(event["name"], []).append(event["subject_id"])
    for name, address_ids in by_name.items():
        with scope(hospital_id):
            has_joined = name == "group.joined"
            found = queries.patients_of_members(hospital_id, address_ids, is_sole=has_joined)
            if has_joined:
                actions.enrol_by_event(hospital_id, found, name)
            else:
                actions.stop_leavers(hospital_id, found)


@job(queue="journeys")
def tick_cards(*, hospital_id: int, events: Heard) -> None:
    """Hear observation.recorded, doses.ticked, content.opened: what is done is not asked again."""
    with scope(hospital_id):
        actions.tick_cards(hospital_id, events, by=SystemActor(hospital_id))


# event -> why the journeys of its patient end.
ENDS = {
    "patient.life_event": "life_event",
    "patient.erased": "erased",
}


@job(queue="urgent")
def stop_patients(*, hospital_id: int, events: Heard) -> None:
    """Hear patient.life_event, patient.erased: end everything at once."""
    with scope(hospital_id):
        for event in events:
            actions.stop_patients(hospital_id, [event["patient_id"]], reason=ENDS[event["name"]])


@job(queue="urgent")
def stop_without_consent(*, hospital_id: int, events: Heard) -> None:
    """Hear consent.withdrawn: end the journeys that need what was withdrawn."""
    with scope(hospital_id):
        for event in events:
            actions.stop_patients(
                hospital_id,
                [event["patient_id"]],
                reason="consent_withdrawn",
                purpose=event["data"]["purpose"],
            )
