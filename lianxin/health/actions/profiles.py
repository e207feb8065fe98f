"""What a clinician says about one patient: flags, planned measuring, own limits; and silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Hospital
from lianxin.health import queries
from lianxin.health.actions.alerts import raise_finding
from lianxin.health.models import HealthProfile, ThresholdOverride
from lianxin.health.rules.evaluate import evaluate
from lianxin.patients.models import Patient
from lianxin.patients.registry import Merging
from lianxin.staff.models import Staff

FLAGS = ("hypertension", "diabetes", "kidney_disease", "coronary_disease", "stroke")
LONGEST_OVERRIDE = timedelta(days=180)
SWEEP_ROWS = 500


@transaction.atomic
def set_flags(patient: Patient, flags: Sequence[str], *, by: Actor) -> HealthProfile:
    """Say which high-risk conditions the patient has; an empty list says that there is none."""
    check_may_edit(by, patient)
    unknown = [flag for flag in flags if flag not in FLAGS]
    if unknown:
        raise RefusedError(_("不认识的情况：%(flags)s") % {"flags": ", ".join(unknown)})
    return change_profile(patient, by, flags=sorted(set(flags)))


@transaction.atomic
def plan_measurements(patient: Patient, *, from_on: date | None, by: Actor) -> HealthProfile:
    """Expect readings from this day on; None expects none any more."""
    check_may_edit(by, patient)
    return change_profile(patient, by, planned_from_on=from_on)


def change_profile(patient: Patient, by: Actor, **changes: object) -> HealthProfile:
    stamp = {"set_by": by if isinstance(by, Staff) else None, "set_at": time.now()}
    profile, _is_new = HealthProfile.objects.update_or_create(
        patient=patient, defaults=changes | stamp | {"hospital_id": patient.hospital_id}
    )
    events.record(
        "health_profile.changed",
        hospital_id=patient.hospital_id,
        subject="patient",
        subject_id=patient.pk,
        patient_id=patient.pk,
        by=by,
        data={"fields": sorted(changes)},
    )
    return profile


@transaction.atomic
def set_override(
    patient: Patient,
    rule_code: str,
    limits: Mapping[str, float],
    *,
    reason_code: str,
    valid_until: date,
    by: Staff,
) -> ThresholdOverride:
    """Give one patient own limits for a while; only a doctor may."""
    check_may_edit(by, patient)
    if by.role != Staff.Role.DOCTOR:
        raise ForbiddenError
    book = queries.load_book(patient.hospital_id)
    if book.rule(rule_code) is None:
        raise RefusedError(_("没有这条规则。"))
    if valid_until > time.today(patient.hospital) + LONGEST_OVERRIDE:
        raise RefusedError(_("个人界限最长 180 天，到期请重新确认。"))
    override, _is_new = ThresholdOverride.objects.update_or_create(
        patient=patient,
        rule_code=rule_code,
        defaults={
            "hospital_id": patient.hospital_id,
            "limits": dict(limits),
            "doctor": by,
            "reason_code": reason_code,
            "valid_until": valid_until,
            "set_at": time.now(),
        },
    )
    events.record(
        "threshold.overridden",
        hospital_id=patient.hospital_id,
        subject="patient",
        subject_id=patient.pk,
        patient_id=patient.pk,
        by=by,
        data={"rule": rule_code, "limits": dict(limits)},
    )
    return override


def join_profiles(merging: Merging) -> None:
    """Let the profile of a merged patient know what either row knew: no flag is lost."""
    rows = HealthProfile.objects.filter(hospital_id=merging.hospital_id)
    kept = rows.filter(patient_id=merging.kept_id).first()
    folded = rows.filter(patient_id=merging.folded_id).first()
    if kept is None or folded is None:
        return
    said = [flags for flags in (kept.flags, folded.flags) if flags is not None]
    planned = [on for on in (kept.planned_from_on, folded.planned_from_on) if on is not None]
    seen = [at for at in (kept.last_measured_at, folded.last_measured_at) if at is not None]
    merging.change(
        HealthProfile,
        [kept.pk],
        flags=sorted({flag for flags in said for flag in flags}) if said else None,
        planned_from_on=min(planned, default=None),
        last_measured_at=max(seen, default=None),
    )


def check_may_edit(by: Actor, patient: Patient) -> None:
    if not by.may("health.edit") or by.hospital_id != patient.hospital_id:
        raise ForbiddenError


@transaction.atomic
def raise_silence(hospital_id: int) -> int:
    """Ask about patients who planned to measure and have not for days."""
    hospital = Hospital.objects.get(pk=hospital_id)
    book = queries.find_book(hospital_id)
    rule = next((rule for rule in book.rules if rule.scope == "silence"), None) if book else None
    if book is None or rule is None:
        return 0
    today = time.today(hospital)
    least = min(step["days"] for step in rule.body["steps"] if step["level"] != "blue")
    until = time.now() - timedelta(days=least)
    quiet = HealthProfile.objects.filter(
        hospital_id=hospital_id,
        planned_from_on__lte=today - timedelta(days=least),
        last_measured_at__lt=until,
        patient__stopped_at=None,
        patient__state=Patient.State.ACTIVE,
    ).select_related("patient__hospital")
    raised = [alert for profile in quiet[:SWEEP_ROWS] if (alert := raise_for(profile, today, book))]
    return len(raised)


def raise_for(profile: HealthProfile, today: date, book: queries.Book) -> object:
    """Let the silence rows look at one patient."""
    last_on = time.local(profile.patient.hospital, profile.last_measured_at).date()  # type: ignore[arg-type]  # filtered
    days = (today - max(last_on, profile.planned_from_on or last_on)).days
    situation = queries.situation_of(book, profile.patient, "bp", silent_days=days)
    silence = [rule for rule in book.rules if rule.scope == "silence"]
    by = SystemActor(profile.hospital_id)
    found = evaluate(silence, situation, book.bounds)
    alerts = [
        raise_finding(book, profile.patient, "bp", finding, None, None, by=by)
        for finding in found
        if finding.level != "blue"
    ]
    return next((alert for alert in alerts if alert), None)
