"""What other rooms' events make people do. Each job may run twice: a task has one key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.jobs import job
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.tasks import actions
from lianxin.tasks.actions import TaskDraft
from lianxin.tasks.models import StaffTask

# Answers and welcomes are seen where they were written; nobody has to be called about them.
NOT_CALLED_ABOUT = {"reply", "welcome"}


@job()
def call_about_refusals(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Ask for one call per patient and day when no carrier may reach the patient."""
    with scope(hospital_id):
        hospital = Hospital.objects.get(pk=hospital_id)
        drafts = [call_draft(hospital, event) for event in events if needs_call(event)]
        actions.create_tasks(hospital_id, drafts, by=SystemActor(hospital_id))


def needs_call(event: dict[str, Any]) -> bool:
    data = event["data"]
    is_routine = data.get("kind") not in NOT_CALLED_ABOUT
    return bool(event["patient_id"] and data.get("needs_call") and is_routine)


def call_draft(hospital: Hospital, event: dict[str, Any]) -> TaskDraft:
    on = time.local(hospital, datetime.fromisoformat(event["at"])).date()
    is_unknown = "outcome_unknown" in event["data"]["reasons"]
    return TaskDraft(
        unique_key=f"call:{event['patient_id']}:{on.isoformat()}",
        reason_code="outcome_unknown" if is_unknown else "unreachable",
        patient_id=event["patient_id"],
        subject_kind="intent",
        subject_id=event["subject_id"],
    )


@job(queue="urgent")
def follow_up_life_events(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Put a human follow-up in place of everything that a life event stopped."""
    by = SystemActor(hospital_id)
    with scope(hospital_id):
        for event in events:
            actions.cancel_for_patient(
                hospital_id, event["patient_id"], by=by, kinds=[StaffTask.Kind.CALL]
            )
        drafts = [
            TaskDraft(
                unique_key=f"life_event:{event['data']['life_event_id']}",
                reason_code=event["data"]["kind"],
                patient_id=event["patient_id"],
                subject_kind="life_event",
                subject_id=event["data"]["life_event_id"],
            )
            for event in events
        ]
        actions.create_tasks(hospital_id, drafts, by=by)


@job()
def close_for_erased(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Close what is open about patients who were forgotten."""
    with scope(hospital_id):
        for event in events:
            actions.cancel_for_patient(
                hospital_id, event["patient_id"], by=SystemActor(hospital_id)
            )
