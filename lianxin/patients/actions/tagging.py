"""Tags on people, each with who, why and when."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import actions as channels
from lianxin.channels import queries as channel_queries
from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.patients.models import (
    Holder,
    HolderAddress,
    HolderTag,
    Patient,
    PatientTag,
    Tag,
)


@transaction.atomic
def tag_patient(
    patient: Patient, name: str, *, by: Actor, reason: str, is_neutral: bool = False
) -> PatientTag:
    """Tag a patient once; a word about an illness waits until somebody is verified."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    tag = find_or_make_tag(patient.hospital_id, name, is_neutral=is_neutral)
    given, is_new = PatientTag.objects.get_or_create(
        patient=patient,
        tag=tag,
        defaults={
            "hospital_id": patient.hospital_id,
            "reason": reason,
            "by_kind": by.kind,
            "by_id": by.id,
            "at": time.now(),
        },
    )
    if is_new:
        record("patient.tagged", patient, tag.pk, by=by)
    return given


@transaction.atomic
def untag_patient(patient: Patient, tag: Tag, *, by: Actor) -> None:
    if not by.may("patient.edit"):
        raise ForbiddenError
    if not PatientTag.objects.filter(patient=patient, tag=tag).delete()[0]:
        raise RefusedError(_("这个标签已经去掉了。"))
    record("patient.untagged", patient, tag.pk, by=by)


def tag_holder(holder: Holder, names: Iterable[str], *, by: Actor, reason: str) -> None:
    """Give a holder neutral tags: where they came from, never what they have."""
    tags = [find_or_make_tag(holder.hospital_id, name, is_neutral=True) for name in names]
    now = time.now()
    HolderTag.objects.bulk_create(
        [
            HolderTag(
                hospital_id=holder.hospital_id,
                holder=holder,
                tag=tag,
                reason=reason,
                by_kind=by.kind,
                by_id=by.id,
                at=now,
            )
            for tag in tags
            if tag.is_neutral
        ],
        ignore_conflicts=True,
    )
    offer_tags(holder, [tag.name for tag in tags if tag.is_neutral])


def untag_holder(holder: Holder, names: Iterable[str]) -> None:
    """Take neutral tags off a holder, wherever they were put on."""
    rows = HolderTag.objects.filter(holder=holder, tag__name__in=list(names))
    rows.delete()


def offer_tags(holder: Holder, names: Iterable[str] | None = None) -> None:
    """Say at every address which neutral tags the holder has; what may leave is decided there."""
    rows = HolderTag.objects.filter(holder=holder, tag__is_neutral=True)
    if names is not None:
        rows = rows.filter(tag__name__in=list(names))
    addresses = list(
        HolderAddress.objects.filter(holder=holder).values_list("address_id", flat=True)
    )
    for row in rows.select_related("tag"):
        channels.want_tags(holder.hospital_id, addresses, [row.tag.name], is_on=True, at=row.at)


@transaction.atomic
def follow_tags(hospital_id: int, address_id: int, *, by: Actor) -> None:
    """Give the person behind an address the tags that both sides agreed on. May run twice."""
    link = HolderAddress.objects.filter(address_id=address_id).select_related("holder").first()
    if link is None:
        return
    agreed = channel_queries.list_contact_tags(hospital_id, address_id)
    tag_holder(link.holder, [code for code, on in agreed.items() if on], by=by, reason="wecom")
    untag_holder(link.holder, [code for code, on in agreed.items() if not on])


@transaction.atomic
def offer_word(hospital_id: int, code: str) -> None:
    """Offer one word for everybody who has it: it may leave since now."""
    rows = HolderTag.objects.filter(hospital_id=hospital_id, tag__name=code, tag__is_neutral=True)
    for row in rows.select_related("holder").iterator():
        offer_tags(row.holder, [code])


def find_or_make_tag(hospital_id: int, name: str, *, is_neutral: bool) -> Tag:
    tag, _made = Tag.objects.get_or_create(
        hospital_id=hospital_id, name=name.strip()[:60], defaults={"is_neutral": is_neutral}
    )
    return tag


def record(name: str, patient: Patient, tag_id: int, *, by: Actor) -> None:
    events.record(
        name,
        hospital_id=patient.hospital_id,
        subject="patient",
        subject_id=patient.pk,
        by=by,
        patient_id=patient.pk,
        data={"tag_id": tag_id},
    )
