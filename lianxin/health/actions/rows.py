"""Putting the shipped clinical rows into a hospital, and approving them by name."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Hospital
from lianxin.health.catalog import shipped
from lianxin.health.models import ClinicalRow
from lianxin.staff.models import Staff

FILES = {
    "metrics": ClinicalRow.Kind.METRIC,
    "rules": ClinicalRow.Kind.RULE,
    "symptoms": ClinicalRow.Kind.SYMPTOM,
    "texts": ClinicalRow.Kind.TEXT,
    "settings": ClinicalRow.Kind.SETTING,
}


@transaction.atomic
def load_clinical_rows(hospital: Hospital, by: Actor) -> int:
    """Add the shipped rows that are missing; return how many. May run twice.

    A doctor who loads them approves them; anybody else leaves them waiting for a doctor.
    """
    if not by.may("health.edit"):
        raise ForbiddenError
    doctor = by if isinstance(by, Staff) and by.role == Staff.Role.DOCTOR else None
    now = time.now()
    rows = [
        ClinicalRow(
            hospital=hospital,
            kind=kind,
            code=row.code,
            version=row.version,
            body=row.body,
            mark=row.mark,
            source=row.source,
            approved_by=doctor,
            approved_at=now if doctor else None,
        )
        for name, kind in FILES.items()
        for row in shipped(name)
    ]
    known = set(
        ClinicalRow.objects.filter(hospital=hospital).values_list("kind", "code", "version")
    )
    missing = [row for row in rows if (row.kind, row.code, row.version) not in known]
    ClinicalRow.objects.bulk_create(missing, ignore_conflicts=True)
    if missing:
        events.record(
            "clinical_rows.loaded",
            hospital_id=hospital.pk,
            subject="hospital",
            subject_id=hospital.pk,
            by=by,
            data={"rows": len(missing), "approved": doctor is not None},
        )
    return len(missing)


@transaction.atomic
def approve_row(row: ClinicalRow, *, by: Staff) -> ClinicalRow:
    """Let a row act from now on. Only a doctor may, and only once."""
    if not by.may("health.edit") or by.role != Staff.Role.DOCTOR:
        raise ForbiddenError
    approved = ClinicalRow.objects.filter(pk=row.pk, approved_at=None).update(
        approved_by=by, approved_at=time.now()
    )
    if not approved:
        raise RefusedError(_("这一条已经审核过了。"))
    events.record(
        "clinical_row.approved",
        hospital_id=row.hospital_id,
        subject="clinical_row",
        subject_id=row.pk,
        by=by,
        data={"code": row.code, "version": row.version},
    )
    row.refresh_from_db()
    return row
