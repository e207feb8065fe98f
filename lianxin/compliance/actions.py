"""Writes: answers to consent questions, and forgetting a patient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.apps import apps
from django.db import models, transaction
from django.utils.translation import gettext as _

from lianxin.channels import actions as channels
from lianxin.compliance import catalogue, queries
from lianxin.compliance.models import Consent, Erasure
from lianxin.compliance.registry import PersonalField, personal_fields
from lianxin.compliance.rules.consent import (
    Purpose,
    decision_after,
    latest_answers,
    stricter_answers,
)
from lianxin.compliance.rules.platform import EVERYTHING, NAME, what_goes
from lianxin.core import events, keys, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.models import DataKey
from lianxin.patients import actions as patients
from lianxin.patients import queries as patient_queries
from lianxin.patients.models import Holder, Patient
from lianxin.patients.registry import Merging


@transaction.atomic
def give_consent(
    patient: Patient,
    purpose_code: str,
    *,
    by: Actor,
    source: str = Consent.Source.PHONE,
    language: str = "zh-hans",
) -> Consent:
    """Write a yes; it counts from this commit on."""
    return answer(patient, purpose_code, granted=True, by=by, source=source, language=language)


@transaction.atomic
def withdraw_consent(
    patient: Patient,
    purpose_code: str,
    *,
    by: Actor,
    source: str = Consent.Source.PHONE,
    language: str = "zh-hans",
) -> Consent:
    """Write a no: a refusal, or the withdrawal of an earlier yes. It counts at once."""
    return answer(patient, purpose_code, granted=False, by=by, source=source, language=language)


@transaction.atomic
def answer_questions(
    patient: Patient,
    answers: Mapping[str, bool],
    *,
    by: Actor,
    source: str = Consent.Source.PHONE,
    language: str = "zh-hans",
) -> list[Consent]:
    """Write the answers of the first visit; a question without an answer is written as no."""
    return [
        answer(
            patient,
            purpose.code,
            granted=answers.get(purpose.code, False),
            by=by,
            source=source,
            language=language,
        )
        for purpose in catalogue.purposes()
        if purpose.is_asked_first or purpose.code in answers
    ]


@transaction.atomic
def record_answers(
    patient: Patient,
    answers: Mapping[str, bool],
    *,
    by: Actor,
    source: str,
    language: str = "zh-hans",
) -> list[Consent]:
    """Write only the answers that changed: staff send the whole sheet each time."""
    if not by.may("consent.record"):
        raise ForbiddenError
    known = latest_answers(queries.answers_of(patient.hospital_id, [patient.pk])[patient.pk])
    standing = {code: known[code].decision == Consent.Decision.GRANTED for code in known}
    return [
        answer(patient, code, granted=granted, by=by, source=source, language=language)
        for code, granted in answers.items()
        if standing.get(code) != granted
    ]


def answer(
    patient: Patient,
    purpose_code: str,
    *,
    granted: bool,
    by: Actor,
    source: str,
    language: str,
) -> Consent:
    purpose = queries.find_purpose(purpose_code)
    if purpose is None:
        raise NotFoundError
    check_may_answer(patient, by)
    was_granted = queries.has_consent(patient.hospital_id, patient.pk, purpose_code)
    decision = decision_after(granted=granted, was_granted=was_granted)
    consent = write_consent(patient, purpose, decision, by=by, source=source, language=language)
    events.record(
        "consent.given" if granted else f"consent.{decision}",
        hospital_id=patient.hospital_id,
        subject="consent",
        subject_id=consent.pk,
        by=by,
        patient_id=patient.pk,
        data={"purpose": purpose_code, "version": purpose.version},
    )
    live.publish(patient.hospital_id, f"patient:{patient.key}")
    return consent


def check_may_answer(patient: Patient, by: Actor) -> None:
    """Let a verified holder answer for her patient, and staff with the permission write for her."""
    if patient.state != Patient.State.ACTIVE:
        raise RefusedError(_("这位患者的资料已经封存，不能再修改授权。"))
    if isinstance(by, Holder):
        if not any(held.patient_id == patient.pk for held in patient_queries.patients_of(by)):
            raise NotFoundError
    elif not by.may("consent.record"):
        raise ForbiddenError


def write_consent(
    patient: Patient, purpose: Purpose, decision: str, *, by: Actor, source: str, language: str
) -> Consent:
    return Consent.objects.create(
        hospital_id=patient.hospital_id,
        patient=patient,
        holder=by if isinstance(by, Holder) else None,
        purpose=purpose.code,
        decision=decision,
        text_version=purpose.version,
        text_hash=purpose.words(language).text_hash(),
        language=language,
        source=source,
        by_kind=by.kind,
        by_id=by.id,
        at=time.now(),
    )


def hold_the_stricter(merging: Merging) -> None:
    """Let a no of either row hold after a merge, and a yes that only the folded row has.

    Answers are evidence and stay where they were given; what follows from both is a new row.
    """
    ids = (merging.kept_id, merging.folded_id)
    answers = queries.answers_of(merging.hospital_id, ids)
    for said in stricter_answers(answers[merging.kept_id], answers[merging.folded_id]):
        repeat_answer(merging, said.order, decision=said.decision, at=merging.at)


def give_back_answers(merging: Merging) -> None:
    """Let the patient's own last answer count again where nothing was said since the merge.

    Who had said nothing counts as a no, as before.
    """
    answers = queries.answers_of(merging.hospital_id, [merging.kept_id])[merging.kept_id]
    rows = Consent.objects.filter(hospital_id=merging.hospital_id, patient_id=merging.kept_id)
    last = rows.filter(source=Consent.Source.MERGE, at=merging.at)
    for row in last.filter(pk__in=[answer.order for answer in answers]).order_by("pk"):
        own = rows.filter(purpose=row.purpose, at__lt=merging.at).order_by("-at", "-id").first()
        decision = own.decision if own else Consent.Decision.WITHDRAWN
        repeat_answer(merging, (own or row).pk, decision=decision, at=time.now())


def repeat_answer(merging: Merging, consent_id: int, *, decision: str, at: datetime) -> None:
    """Write an answer that was given in another row, with the words that were shown then."""
    given = Consent.objects.get(hospital_id=merging.hospital_id, pk=consent_id)
    Consent.objects.create(
        hospital_id=merging.hospital_id,
        patient_id=merging.kept_id,
        purpose=given.purpose,
        decision=decision,
        text_version=given.text_version,
        text_hash=given.text_hash,
        language=given.language,
        source=Consent.Source.MERGE,
        by_kind=merging.by.kind,
        by_id=merging.by.id,
        at=at,
    )


@transaction.atomic
def erase_patient(patient: Patient, *, by: Actor, reason: str) -> Erasure:
    """Forget a patient at once and for good. What the law keeps stays, shown to nobody.

    Destroying the engagement key also takes what append-only rows and old backups hold.
    """
    if not by.may("patient.erase"):
        raise ForbiddenError
    if reason not in Erasure.Reason.values:
        raise RefusedError(_("请选择删除的原因。"))
    outcome = queries.outcome_of(patient)
    # Who was folded into this patient is the same person: what is left there goes as well.
    rows = [*patient_queries.list_folded(patient), patient]
    for row in rows:
        lonely = patients.forget_patient(row, outcome=outcome, by=by)
        destroy_keys(row, lonely, outcome=outcome, by=by)
    patient.refresh_from_db()
    cleared = {
        field.name: clear(field, rows) for field in personal_fields() if field.ending == "cleared"
    }
    erasure = Erasure.objects.create(
        hospital_id=patient.hospital_id,
        patient=patient,
        reason=reason,
        outcome=outcome,
        cleared=cleared,
        by_kind=by.kind,
        by_id=by.id,
        at=time.now(),
    )
    for row in rows:
        events.record(
            "patient.erased",
            hospital_id=row.hospital_id,
            subject="patient",
            subject_id=row.pk,
            by=by,
            patient_id=row.pk,
            data={"reason": reason, "outcome": outcome},
        )
    return erasure


def clear(field: PersonalField, patients_of_one: list[Patient]) -> int:
    """Empty one column in the rows that lead to this person; return how many rows."""
    model: type[models.Model] = apps.get_model(field.model)
    column = model._meta.get_field(field.column)
    empty = None if column.null else b""
    rows = model._default_manager.filter(
        hospital_id=patients_of_one[0].hospital_id,
        **{f"{field.patient_path}__in": [patient.pk for patient in patients_of_one]},
    )
    return rows.update(**{field.column: empty})


def destroy_keys(patient: Patient, lonely: list[int], *, outcome: str, by: Actor) -> None:
    hospital_id = patient.hospital_id
    subject = ("patient", patient.pk)
    keys.destroy_key(hospital_id, subject, DataKey.Retention.ENGAGEMENT, by=by)
    if outcome == Patient.State.ERASED:
        keys.destroy_key(hospital_id, subject, DataKey.Retention.RECORD, by=by)
    for holder_id in lonely:
        keys.destroy_key(hospital_id, ("holder", holder_id), DataKey.Retention.ENGAGEMENT, by=by)
        addresses = patient_queries.address_ids_of_holder(hospital_id, holder_id)
        channels.forget_addresses(hospital_id, addresses, by=by)


@transaction.atomic
def forget_follower(hospital_id: int, address_id: int, *, by: Actor) -> bool:
    """Delete what an Official Account gave of somebody who unfollowed; False when they came back.

    See decision 0006: the medical record of a patient follows the law's terms, not the platform's.
    """
    if not channels.forget_follower(hospital_id, address_id, by=by):
        return False
    holder = patient_queries.find_holder_of_address(hospital_id, address_id)
    if holder is None:
        return True
    goes = what_goes(
        was_verified=patient_queries.was_ever_verified(holder),
        is_met_elsewhere=patient_queries.is_met_anywhere(holder),
    )
    if goes == NAME:
        patients.forget_nickname(holder)
    elif goes == EVERYTHING:
        patients.forget_holder(holder, by=by)
        for retention in (DataKey.Retention.ENGAGEMENT, DataKey.Retention.RECORD):
            keys.destroy_key(hospital_id, ("holder", holder.pk), retention, by=by)
    return True
