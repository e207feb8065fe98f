"""Writing down who a patient is, correcting it, and forgetting it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lianxin.core import events, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.phone import normalise_phone
from lianxin.patients import rules, sealing
from lianxin.patients.models import Holder, HolderSession, Holding, Patient
from lianxin.staff.models import CareTeam, Department


@dataclass(frozen=True)
class PatientFacts:
    """What a discharge list or a form says about one patient."""

    name: str
    phone: str = ""
    inpatient: str = ""
    diagnosis: str = ""
    sex: str = Patient.Sex.UNKNOWN
    birth_on: date | None = None
    department: Department | None = None
    team: CareTeam | None = None
    stage: str = Patient.Stage.AFTER_VISIT
    risk: str = Patient.Risk.UNKNOWN
    discharged_on: date | None = None


PLAIN_FIELDS = (
    "sex",
    "birth_on",
    "department",
    "team",
    "stage",
    "risk",
    "discharged_on",
)
SEALED_FIELDS = (
    "name_sealed",
    "name_blind",
    "phone_sealed",
    "phone_blind",
    "inpatient_sealed",
    "inpatient_blind",
    "diagnosis_sealed",
)


@transaction.atomic
def register_patient(hospital_id: int, facts: PatientFacts, *, by: Actor) -> Patient:
    """Write a patient down. An inpatient number is given to one living patient only."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    patient = Patient(hospital_id=hospital_id, created_at=time.now())
    set_plain(patient, facts)
    patient.save(force_insert=True)
    seal_facts(patient, facts)
    save_sealed(patient)
    events.record(
        "patient.registered",
        hospital_id=hospital_id,
        subject="patient",
        subject_id=patient.pk,
        by=by,
        patient_id=patient.pk,
    )
    return patient


@transaction.atomic
def correct_patient(patient: Patient, facts: PatientFacts, *, by: Actor) -> Patient:
    """Write better facts over the old ones."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    if patient.state != Patient.State.ACTIVE:
        raise RefusedError(_("这位患者的资料已经封存，不能再修改。"))
    set_plain(patient, facts)
    seal_facts(patient, facts)
    patient.save(update_fields=PLAIN_FIELDS)
    save_sealed(patient)
    events.record(
        "patient.corrected",
        hospital_id=patient.hospital_id,
        subject="patient",
        subject_id=patient.pk,
        by=by,
        patient_id=patient.pk,
    )
    live.publish(patient.hospital_id, f"patient:{patient.key}")
    return patient


def set_plain(patient: Patient, facts: PatientFacts) -> None:
    for field in PLAIN_FIELDS:
        setattr(patient, field, getattr(facts, field))


def seal_facts(patient: Patient, facts: PatientFacts) -> None:
    hospital_id = patient.hospital_id
    ring = sealing.new_ring(hospital_id, "patient", patient.pk)
    phone = normalise_phone(facts.phone) or ""
    number = rules.normalise_inpatient(facts.inpatient) or ""
    patient.name_sealed = sealing.seal(ring, patient, sealing.NAME, facts.name.strip())
    patient.phone_sealed = sealing.seal(ring, patient, sealing.PHONE, phone)
    patient.inpatient_sealed = sealing.seal(ring, patient, sealing.INPATIENT, number)
    patient.diagnosis_sealed = sealing.seal(ring, patient, sealing.DIAGNOSIS, facts.diagnosis)
    patient.name_blind = sealing.blind_name(hospital_id, facts.name)
    patient.phone_blind = sealing.blind_phone(hospital_id, phone)
    patient.inpatient_blind = sealing.blind_inpatient(hospital_id, number)


def save_sealed(patient: Patient) -> None:
    """Store the identifiers; a number of a merged row belongs to the patient who was kept."""
    merged = Patient.objects.of(patient.hospital_id).filter(
        inpatient_blind=patient.inpatient_blind, state=Patient.State.MERGED
    )
    if patient.inpatient_blind and merged.exclude(merged_into=patient).exists():
        raise RefusedError(_("这个住院号已经登记过，请在患者列表里按住院号查找。"))
    try:
        with transaction.atomic():
            patient.save(update_fields=SEALED_FIELDS)
    except IntegrityError as error:
        if "patient_inpatient_once_per_hospital" not in str(error):
            raise
        raise RefusedError(_("这个住院号已经登记过，请在患者列表里按住院号查找。")) from None


@transaction.atomic
def forget_patient(patient: Patient, *, outcome: str, by: Actor) -> list[int]:
    """Stop everything and close every door to this patient; the caller destroys the keys.

    Returns the holders whom nobody is left for: their own keys go as well.
    """
    if not by.may("patient.erase"):
        raise ForbiddenError
    now = time.now()
    living = (Patient.State.ACTIVE, Patient.State.MERGED)
    claimed = Patient.objects.filter(pk=patient.pk, state__in=living).update(
        state=outcome,
        stopped_at=now,
        stop_reason=Patient.StopReason.ERASURE,
        merged_into=None,
        birth_on=None,
        sex=Patient.Sex.UNKNOWN,
        risk=Patient.Risk.UNKNOWN,
    )
    if not claimed:
        raise RefusedError(_("这位患者的资料已经删除过了。"))
    Holding.objects.filter(patient=patient).exclude(state=Holding.State.ENDED).update(
        state=Holding.State.ENDED, ended_at=now
    )
    lonely = close_lonely_holders(patient)
    patient.refresh_from_db()
    live.publish(patient.hospital_id, "today")
    live.publish(patient.hospital_id, f"patient:{patient.key}")
    return lonely


def close_lonely_holders(patient: Patient) -> list[int]:
    """End the sign-in of those who held the phone for this patient only."""
    held = Holding.objects.filter(patient=patient).values("holder_id")
    busy = Holding.objects.exclude(state=Holding.State.ENDED).values("holder_id")
    holders = Holder.objects.filter(pk__in=held)
    holders.filter(current_patient=patient).update(current_patient=None)
    lonely = sorted(holders.exclude(pk__in=busy).values_list("pk", flat=True))
    HolderSession.objects.filter(holder_id__in=lonely).delete()
    return lonely
