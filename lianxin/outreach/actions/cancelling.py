"""Cancelling: a life event, an erasure or a change of mind stops what has not gone out."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.outreach.actions.telling import cancelled_entry
from lianxin.outreach.models import Card, Delivery, Intent, StaffConfirmation

CANCELLED = "cancelled"


@transaction.atomic
def cancel_for_patient(hospital_id: int, patient_id: int, *, by: Actor, purpose: str = "") -> int:
    """Stop everything of one patient that has not left the house; safety texts go on.

    With a purpose, only what needed that consent. A delivery that a worker holds right now may
    still arrive: its result is stored as usual. A merged staff task that waits at WeCom is taken
    back and made again without this patient.
    """
    wanted = Q(patient_id=patient_id) & ~Q(kind=Intent.Kind.SAFETY)
    if purpose:
        return cancel_intents(hospital_id, wanted & Q(purpose=purpose), by)
    cancelled = cancel_intents(hospital_id, wanted, by)
    cards = Card.objects.filter(
        hospital_id=hospital_id, patient_id=patient_id, state__in=Card.OPEN
    ).update(state=Card.State.CANCELLED)
    if cancelled or cards:
        events.record(
            "outreach.cancelled",
            hospital_id=hospital_id,
            subject="patient",
            subject_id=patient_id,
            by=by,
            patient_id=patient_id,
            data={"intents": cancelled, "cards": cards},
        )
    return cancelled


def cancel_subject(hospital_id: int, subject_kind: str, subject_id: int) -> int:
    return cancel_subjects(hospital_id, subject_kind, [subject_id])


@transaction.atomic
def cancel_subjects(hospital_id: int, subject_kind: str, subject_ids: Sequence[int]) -> int:
    """Stop what was to be said about these things: a card that is done, a step that was skipped."""
    if not subject_ids:
        return 0
    wanted = Q(subject_kind=subject_kind, subject_id__in=list(subject_ids))
    return cancel_intents(hospital_id, wanted)


def cancel_intents(hospital_id: int, wanted: Q, by: Actor | None = None) -> int:
    now = time.now()
    waiting = (Intent.State.PENDING, Intent.State.WAITING_STAFF)
    rows = Intent.objects.of(hospital_id).filter(wanted, state__in=waiting)
    intents = list(rows.select_for_update(no_key=True).order_by("pk"))
    if not intents:
        return 0
    ids = [intent.pk for intent in intents]
    Intent.objects.filter(pk__in=ids).update(
        state=Intent.State.CANCELLED, reason_code=CANCELLED, settled_at=now
    )
    events.record_many([cancelled_entry(intent, by) for intent in intents])
    deliveries = Delivery.objects.filter(
        intent_id__in=ids, state__in=[Delivery.State.PLANNED, Delivery.State.WAITING_STAFF]
    )
    merged = deliveries.exclude(confirmation=None).values_list("confirmation_id", flat=True)
    tasks = {pk for pk in merged if pk}
    deliveries.update(
        state=Delivery.State.CANCELLED,
        reason_code=CANCELLED,
        is_counted=False,
        settled_at=now,
    )
    take_back_tasks(hospital_id, tasks)
    return len(ids)


def take_back_tasks(hospital_id: int, confirmation_ids: set[int]) -> None:
    """Ask for merged tasks to be stopped at the provider and made again with who is left."""
    StaffConfirmation.objects.filter(
        hospital_id=hospital_id,
        pk__in=confirmation_ids,
        state=StaffConfirmation.State.WAITING,
    ).update(state=StaffConfirmation.State.TAKING_BACK, due_at=time.now())
