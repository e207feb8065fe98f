"""The medicine plan that a clinician types in, and the ticks of who takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.core import events, keys, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.health import queries
from lianxin.health.actions.recording import check_may_record
from lianxin.health.models import DoseTick, Medication
from lianxin.health.queries.medicines import NAME, RECORD, SLOT_ORDER, list_current
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff


@transaction.atomic
def plan_medication(
    patient: Patient,
    *,
    name: str,
    slots: Sequence[str],
    starts_on: date,
    ends_on: date | None = None,
    by: Actor,
) -> Medication:
    """Write down what the patient was prescribed. The name is sealed; nothing here advises."""
    check_may_plan(by, patient)
    wanted = [slot for slot in SLOT_ORDER if slot in slots]
    if not name.strip() or not wanted:
        raise RefusedError(_("请填写药名，并选择服用的时段。"))
    subject = ("patient", patient.pk)
    ring = keys.Keyring.load(patient.hospital_id, [subject], create=True)
    medicine = Medication.objects.create(
        hospital_id=patient.hospital_id,
        patient=patient,
        name_sealed=ring.seal(subject, RECORD, name.strip(), field=NAME),
        slots=wanted,
        starts_on=starts_on,
        ends_on=ends_on,
        entered_by=by if isinstance(by, Staff) else None,
        entered_at=time.now(),
    )
    tell("medication.planned", medicine, by)
    return medicine


@transaction.atomic
def stop_medication(medicine: Medication, *, on: date, by: Actor) -> None:
    """Say that the plan ends the day before `on`; what was ticked stays."""
    check_may_plan(by, medicine.patient)
    stopped = Medication.objects.filter(pk=medicine.pk, ends_on=None).update(
        ends_on=on - timedelta(days=1)
    )
    if not stopped:
        raise RefusedError(_("这种药已经停了。"))
    tell("medication.stopped", medicine, by)


def check_may_plan(by: Actor, patient: Patient) -> None:
    if not by.may("health.edit") or by.hospital_id != patient.hospital_id:
        raise ForbiddenError


@transaction.atomic
def tick_doses(
    patient: Patient,
    on: date,
    slot: str,
    *,
    by: Actor,
    taken: Sequence[str] | None = None,
) -> queries.DosesOfDay:
    """Tick the doses of a slot: all of them, or `taken` (keys) as taken and the rest as not.

    Twice the same is the same; a later answer replaces an earlier one.
    """
    check_may_record(by, patient)
    if on > time.today(patient.hospital):
        raise RefusedError(_("这一天还没有到。"))
    planned = [medicine for medicine in list_current(patient, on) if slot in medicine.slots]
    if not planned:
        raise RefusedError(_("这个时段没有要吃的药。"))
    rows = [
        DoseTick(
            hospital_id=patient.hospital_id,
            patient=patient,
            medication=medicine,
            on=on,
            slot=slot,
            state=DoseTick.State.TAKEN
            if taken is None or medicine.key in taken
            else DoseTick.State.SKIPPED,
            at=time.now(),
            by_kind=by.kind,
            by_id=by.id,
        )
        for medicine in planned
    ]
    DoseTick.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["medication", "on", "slot"],
        update_fields=["state", "at", "by_kind", "by_id"],
    )
    count = sum(row.state == DoseTick.State.TAKEN for row in rows)
    told = {"on": on.isoformat(), "slot": slot, "taken": count, "planned": len(rows)}
    tell_ticks("doses.ticked", patient, by, told)
    return queries.doses_of_day(patient, on, slot)


@transaction.atomic
def undo_tick(patient: Patient, on: date, slot: str, *, by: Actor) -> queries.DosesOfDay:
    """Take the answer of a slot back while it is fresh; then it counts as not answered."""
    check_may_record(by, patient)
    book = queries.load_book(patient.hospital_id)
    fresh = time.now() - timedelta(minutes=book.settings["adherence"]["undo_minutes"])
    rows = DoseTick.objects.filter(patient=patient, on=on, slot=slot, at__gte=fresh)
    count, _by_model = rows.delete()
    if not count:
        raise RefusedError(_("时间过了，不能撤销。请告诉您的医护团队。"))
    tell_ticks(
        "doses.tick_undone", patient, by, {"on": on.isoformat(), "slot": slot, "count": count}
    )
    return queries.doses_of_day(patient, on, slot)


def tell(name: str, medicine: Medication, by: Actor) -> None:
    events.record(
        name,
        hospital_id=medicine.hospital_id,
        subject="medication",
        subject_id=medicine.pk,
        patient_id=medicine.patient_id,
        by=by,
        data={"slots": medicine.slots},
    )


def tell_ticks(name: str, patient: Patient, by: Actor, data: dict[str, object]) -> None:
    events.record(
        name,
        hospital_id=patient.hospital_id,
        subject="patient",
        subject_id=patient.pk,
        patient_id=patient.pk,
        by=by,
        data=data,
    )
    live.publish(patient.hospital_id, f"patient:{patient.key}")
