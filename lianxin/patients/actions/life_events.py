"""One tap stops everything for a patient; starting again is a decision of its own."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lianxin.core import events, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.patients import rules, sealing
from lianxin.patients.models import LifeEvent, Patient


@transaction.atomic
def record_life_event(
    patient: Patient, kind: str, *, by: Actor, note: str = "", at: datetime | None = None
) -> LifeEvent:
    """Stop every step, send, card and call for the patient, from this commit on.

    `stopped_at` is written in the same transaction, so the gate refuses before any listener ran.
    """
    if not by.may("patient.life_event"):
        raise ForbiddenError
    if kind not in rules.LIFE_EVENTS:
        raise RefusedError(_("请选择发生了什么。"))
    now = time.now()
    same = Q(stopped_at__isnull=False, stop_reason=kind)
    claimed = (
        Patient.objects.filter(pk=patient.pk, state=Patient.State.ACTIVE)
        .exclude(same)
        .update(stopped_at=now, stop_reason=kind)
    )
    if not claimed:
        raise RefusedError(_("这件事已经记录过，触达已全部停止。"))
    event = LifeEvent(
        hospital_id=patient.hospital_id,
        patient=patient,
        kind=kind,
        at=at or now,
        by_kind=by.kind,
        by_id=by.id,
    )
    if note:
        ring = sealing.new_ring(patient.hospital_id, "patient", patient.pk)
        event.note_sealed = sealing.seal(ring, patient, sealing.NOTE, note)
    event.save(force_insert=True)
    patient.refresh_from_db(fields=["stopped_at", "stop_reason"])
    record("patient.life_event", patient, by=by, data={"kind": kind, "life_event_id": event.pk})
    return event


@transaction.atomic
def resume_patient(patient: Patient, *, by: Actor) -> Patient:
    """Let care start again. What was stopped stays stopped; new steps may begin."""
    if not by.may("patient.life_event"):
        raise ForbiddenError
    reason = patient.stop_reason
    if not rules.may_resume(reason):
        raise RefusedError(_("患者已经去世，不能恢复触达。如记录有误，请联系隐私负责人。"))
    claimed = Patient.objects.filter(
        pk=patient.pk,
        state=Patient.State.ACTIVE,
        stopped_at__isnull=False,
        stop_reason=reason,
    ).update(stopped_at=None, stop_reason="")
    if not claimed:
        raise RefusedError(_("这位患者现在没有停止触达。"))
    LifeEvent.objects.filter(patient=patient, resumed_at=None).update(resumed_at=time.now())
    patient.refresh_from_db(fields=["stopped_at", "stop_reason"])
    record("patient.resumed", patient, by=by, data={"kind": reason})
    return patient


def record(name: str, patient: Patient, *, by: Actor, data: dict[str, object]) -> None:
    events.record(
        name,
        hospital_id=patient.hospital_id,
        subject="patient",
        subject_id=patient.pk,
        by=by,
        patient_id=patient.pk,
        data=data,
    )
    live.publish(patient.hospital_id, "today")
    live.publish(patient.hospital_id, f"patient:{patient.key}")
