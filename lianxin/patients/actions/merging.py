"""Two rows for one person become one, and apart again when it was a mistake."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.patients.models import Holder, Holding, Patient, PatientMerge, PatientTag


@transaction.atomic
def merge_patients(keep: Patient, duplicate: Patient, *, by: Actor) -> PatientMerge:
    """Fold `duplicate` into `keep`. The duplicate stays, so old links still resolve."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    check_mergeable(keep, duplicate)
    claimed = Patient.objects.filter(pk=duplicate.pk, state=Patient.State.ACTIVE).update(
        state=Patient.State.MERGED, merged_into=keep
    )
    if not claimed:
        raise RefusedError(_("这位患者已经合并过了。"))
    merge = PatientMerge.objects.create(
        hospital_id=keep.hospital_id,
        kept=keep,
        folded=duplicate,
        moved=move_to(keep, duplicate),
        by_kind=by.kind,
        by_id=by.id,
        at=time.now(),
    )
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


def move_to(keep: Patient, duplicate: Patient) -> dict[str, list[int]]:
    """Move what the kept patient does not have yet; return the ids that moved."""
    held = Holding.objects.filter(patient=keep).values_list("holder_id", flat=True)
    tagged = PatientTag.objects.filter(patient=keep).values_list("tag_id", flat=True)
    holdings = Holding.objects.filter(patient=duplicate).exclude(holder_id__in=list(held))
    tags = PatientTag.objects.filter(patient=duplicate).exclude(tag_id__in=list(tagged))
    holders = Holder.objects.filter(current_patient=duplicate)
    moved = {
        "holdings": sorted(holdings.values_list("pk", flat=True)),
        "tags": sorted(tags.values_list("pk", flat=True)),
        "holders": sorted(holders.values_list("pk", flat=True)),
    }
    Holding.objects.filter(pk__in=moved["holdings"]).update(patient=keep)
    PatientTag.objects.filter(pk__in=moved["tags"]).update(patient=keep)
    Holder.objects.filter(pk__in=moved["holders"]).update(current_patient=keep)
    return moved


@transaction.atomic
def undo_merge(merge: PatientMerge, *, by: Actor) -> Patient:
    """Take a merge back: the folded patient lives again with what was hers."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    claimed = PatientMerge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=time.now())
    if not claimed:
        raise RefusedError(_("这次合并已经撤销过了。"))
    folded = merge.folded
    revived = Patient.objects.filter(pk=folded.pk, state=Patient.State.MERGED).update(
        state=Patient.State.ACTIVE, merged_into=None
    )
    if not revived:
        raise RefusedError(_("这位患者的资料已经删除，合并不能撤销。"))
    Holding.objects.filter(pk__in=merge.moved["holdings"]).update(patient=folded)
    PatientTag.objects.filter(pk__in=merge.moved["tags"]).update(patient=folded)
    Holder.objects.filter(pk__in=merge.moved["holders"]).update(current_patient=folded)
    record("patient.merge_undone", merge, by=by)
    folded.refresh_from_db()
    return folded


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
