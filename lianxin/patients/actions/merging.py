"""Two rows for one person become one, and apart again when it was a mistake."""

from __future__ import annotations

from copy import deepcopy

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lianxin.core import events, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.patients import rules
from lianxin.patients.actions.moving import Moving
from lianxin.patients.models import Likeness, Patient, PatientMerge
from lianxin.patients.registry import merge_plan


@transaction.atomic
def merge_patients(keep: Patient, duplicate: Patient, *, by: Actor) -> PatientMerge:
    """Fold `duplicate` into `keep`. The duplicate stays, so old links still resolve.

    Both rows are locked, in one order: two who merge the same people at once do it once.
    """
    if not by.may("patient.edit"):
        raise ForbiddenError
    check_mergeable(keep, duplicate)
    lock([keep, duplicate])
    check_mergeable(keep, duplicate)
    claimed = Patient.objects.filter(pk=duplicate.pk, state=Patient.State.ACTIVE).update(
        state=Patient.State.MERGED, merged_into=keep
    )
    if not claimed:
        raise RefusedError(_("这位患者已经合并过了。"))
    now = time.now()
    moving = Moving(keep.hospital_id, keep.pk, duplicate.pk, by, now)
    move_everything(moving, keep, duplicate)
    merge = PatientMerge.objects.create(
        hospital_id=keep.hospital_id,
        kept=keep,
        folded=duplicate,
        moved=moving.record,
        by_kind=by.kind,
        by_id=by.id,
        at=now,
    )
    settle_likeness(merge, Likeness.State.MERGED, by=by)
    keep.refresh_from_db()
    duplicate.refresh_from_db()
    record("patient.merged", merge, by=by)
    return merge


def check_mergeable(keep: Patient, duplicate: Patient) -> None:
    if keep.hospital_id != duplicate.hospital_id:
        raise RefusedError(_("两家医院的患者不能合并。"))
    if keep.pk == duplicate.pk:
        raise RefusedError(_("这是同一位患者，不用合并。"))
    if keep.state != Patient.State.ACTIVE:
        raise RefusedError(_("要保留的患者已经封存或合并，不能再合并进来。"))


def lock(patients: list[Patient]) -> None:
    """Hold both rows until the end, and read how they stand now."""
    rows = Patient.objects.filter(pk__in=[patient.pk for patient in patients])
    found = {row.pk: row for row in rows.order_by("pk").select_for_update(no_key=True)}
    for patient in patients:
        for field in ("state", "stopped_at", "stop_reason", *rules.Known.__dataclass_fields__):
            setattr(patient, field, getattr(found[patient.pk], field))


def move_everything(moving: Moving, keep: Patient, duplicate: Patient) -> None:
    plan = merge_plan()
    for step in plan.before:
        step(moving)
    stop = rules.stricter_stop(stop_of(keep), stop_of(duplicate))
    learned = rules.fill_gaps(known_of(keep), known_of(duplicate))
    moving.change(Patient, [keep.pk], stopped_at=stop.at, stop_reason=stop.reason, **learned)
    moving.move(plan)
    for step in plan.after:
        step(moving)


def stop_of(patient: Patient) -> rules.Stop:
    return rules.Stop(patient.stopped_at, patient.stop_reason)


def known_of(patient: Patient) -> rules.Known:
    return rules.Known(
        **{name: getattr(patient, name) for name in rules.Known.__dataclass_fields__}
    )


@transaction.atomic
def gather_late_rows(merge: PatientMerge, *, by: Actor) -> int:
    """Move what others wrote for the folded patient while the merge was going on. May run twice."""
    standing = PatientMerge.objects.select_for_update(no_key=True).filter(
        pk=merge.pk, undone_at=None, kept__state=Patient.State.ACTIVE
    )
    row = standing.first()
    if row is None:
        return 0
    moving = Moving(row.hospital_id, row.kept_id, row.folded_id, by, row.at, deepcopy(row.moved))
    count = moving.move(merge_plan())
    if moving.record != row.moved:
        PatientMerge.objects.filter(pk=row.pk).update(moved=moving.record)
    return count


@transaction.atomic
def undo_merge(merge: PatientMerge, *, by: Actor) -> Patient:
    """Take a merge back: the folded patient lives again with what was hers.

    What was written since then stays with the kept patient.
    """
    if not by.may("patient.edit"):
        raise ForbiddenError
    lock([merge.kept, merge.folded])
    if merge.kept.state == Patient.State.MERGED:
        raise RefusedError(_("保留的那一位后来又并给了别人，请先撤销那一次合并。"))
    if merge.kept.state != Patient.State.ACTIVE:
        raise RefusedError(_("这位患者的资料已经删除，合并不能撤销。"))
    claimed = PatientMerge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=time.now())
    if not claimed:
        raise RefusedError(_("这次合并已经撤销过了。"))
    folded = revive(merge.folded)
    merge.refresh_from_db(fields=["moved"])
    moving = Moving(merge.hospital_id, merge.kept_id, folded.pk, by, merge.at, merge.moved)
    moving.take_back(merge_plan())
    settle_likeness(merge, Likeness.State.DISMISSED, by=by)
    record("patient.merge_undone", merge, by=by)
    folded.refresh_from_db()
    return folded


def revive(folded: Patient) -> Patient:
    merged = Patient.objects.filter(pk=folded.pk, state=Patient.State.MERGED)
    try:
        with transaction.atomic():
            revived = merged.update(state=Patient.State.ACTIVE, merged_into=None)
    except IntegrityError as error:
        if "patient_inpatient_once_per_hospital" not in str(error):
            raise
        raise RefusedError(_("那一位的住院号后来又登记给了别人，请先更正住院号再撤销。")) from None
    if not revived:
        raise RefusedError(_("这位患者的资料已经删除，合并不能撤销。"))
    return folded


def settle_likeness(merge: PatientMerge, state: str, *, by: Actor) -> None:
    """Remember the decision on the pair: who were taken apart are never joined by themselves."""
    first_id, second_id = sorted((merge.kept_id, merge.folded_id))
    pair = Likeness.objects.filter(first_id=first_id, second_id=second_id).first()
    if pair is None:
        return
    Likeness.objects.filter(pk=pair.pk).update(
        state=state,
        later_until=None,
        decided_agrees=pair.agrees,
        decided_at=time.now(),
        by_kind=by.kind,
        by_id=by.id,
    )


def record(name: str, merge: PatientMerge, *, by: Actor) -> None:
    events.record(
        name,
        hospital_id=merge.hospital_id,
        subject="patient",
        subject_id=merge.kept_id,
        by=by,
        patient_id=merge.kept_id,
        data={"folded_id": merge.folded_id, "merge_id": merge.pk},
    )
    live.publish(merge.hospital_id, "today")
    for patient in (merge.kept, merge.folded):
        live.publish(merge.hospital_id, f"patient:{patient.key}")
