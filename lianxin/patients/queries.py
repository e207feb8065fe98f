"""Reads. Each takes the actor or the hospital first and returns nothing outside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q
from django.utils.translation import gettext as _

from lianxin.channels.models import Address
from lianxin.core import keys, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import Event, Hospital
from lianxin.patients import rules, sealing
from lianxin.patients.models import (
    BedsideNumber,
    Holder,
    HolderAddress,
    HolderSession,
    Holding,
    LifeEvent,
    Patient,
    PatientMerge,
    PatientQuerySet,
    PatientTag,
    PhoneCode,
    Tag,
)
from lianxin.web.rules import mask_name, mask_phone

TIMELINE_ROWS = 50


# --- Patients ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PatientFace:
    """What a page shows of a patient. `name` is for pages that may name; lists show the mask."""

    id: int
    key: str
    name: str
    masked_name: str
    sex: str
    age: int | None
    phone_masked: str
    inpatient_masked: str
    stage: str
    risk: str
    state: str
    stop_reason: str

    @property
    def is_gone(self) -> bool:
        """Tell whether the patient was forgotten: nothing can be shown any more."""
        return self.state in {Patient.State.RESTRICTED, Patient.State.ERASED}


@dataclass(frozen=True)
class Revealed:
    """The identifiers in full, after somebody asked for them and was written down."""

    name: str
    phone: str
    inpatient: str
    diagnosis: str


@dataclass(frozen=True)
class PatientFilter:
    search: str = ""
    stage: str = ""
    risk: str = ""
    team: str = ""
    department: str = ""
    tag: str = ""
    standing: str = ""


def list_patients(actor: Actor, wanted: PatientFilter | None = None) -> PatientQuerySet:
    """List whom this actor may see, newest first. Search is exact: name, phone or number."""
    if not actor.may("patient.read"):
        raise ForbiddenError
    wanted = wanted or PatientFilter()
    patients = Patient.objects.of(actor.hospital_id).filter(
        facts_filter(wanted), standing_filter(wanted.standing)
    )
    if wanted.search.strip():
        patients = patients.filter(search_filter(actor.hospital_id, wanted.search))
    return patients.order_by("-id")


def facts_filter(wanted: PatientFilter) -> Q:
    named = {
        "stage": wanted.stage,
        "risk": wanted.risk,
        "team__key": wanted.team,
        "department__key": wanted.department,
        "tags__tag__key": wanted.tag,
    }
    return Q(**{name: value for name, value in named.items() if value})


def standing_filter(standing: str) -> Q:
    """Narrow by where the patient stands; without a word all living ones."""
    living = Q(state=Patient.State.ACTIVE)
    if standing == "stopped":
        return living & Q(stopped_at__isnull=False)
    if standing == "unverified":
        verified = Holding.objects.filter(state=Holding.State.VERIFIED).values("patient_id")
        return living & ~Q(pk__in=verified)
    if standing == "closed":
        return Q(state__in=(Patient.State.RESTRICTED, Patient.State.ERASED))
    return living


def search_filter(hospital_id: int, text: str) -> Q:
    """Match the whole name, phone or inpatient number; what is sealed has no parts."""
    by_column = {
        "name_blind": sealing.blind_name(hospital_id, text),
        "phone_blind": sealing.blind_phone(hospital_id, text),
        "inpatient_blind": sealing.blind_inpatient(hospital_id, text),
    }
    found = Q(pk=None)
    for column, value in by_column.items():
        if value is not None:
            found |= Q(**{column: value})
    return found


def access_patient(actor: Actor, key: str) -> Patient:
    """Return the patient if the actor may see them; a stranger looks the same as nobody."""
    rows = Patient.objects.of(actor.hospital_id).select_related("hospital", "department", "team")
    patient = rows.filter(key=key).first()
    if actor.kind == "holder":
        return require_held(actor, patient)
    if patient is None:
        raise NotFoundError
    if not actor.may("patient.read"):
        raise ForbiddenError
    return patient


def require_held(actor: Actor, patient: Patient | None) -> Patient:
    if patient is None or actor.id is None:
        raise NotFoundError
    rows = Holding.objects.filter(holder_id=actor.id, patient=patient)
    holding = rows.select_related("patient").first()
    if holding is None or answer_of(holding, time.today(patient.hospital)) != "yes":
        raise NotFoundError
    return patient


def find_patient(hospital_id: int, patient_id: int) -> Patient | None:
    return Patient.objects.of(hospital_id).filter(pk=patient_id).first()


def find_by_inpatient(hospital_id: int, number: str) -> Patient | None:
    blind = sealing.blind_inpatient(hospital_id, number)
    if blind is None:
        return None
    return Patient.objects.of(hospital_id).living().filter(inpatient_blind=blind).first()


def is_stopped(hospital_id: int, patient_id: int) -> bool:
    """Tell whether everything was stopped for the patient, or she is gone."""
    return not Patient.objects.of(hospital_id).reachable().filter(pk=patient_id).exists()


def names_of(hospital_id: int, patient_ids: Iterable[int]) -> dict[int, PatientFace]:
    """Return the faces of some patients with two queries, however many they are."""
    wanted = set(patient_ids)
    rows = Patient.objects.of(hospital_id).filter(pk__in=wanted).select_related("hospital")
    return {face.id: face for face in faces_of(hospital_id, list(rows))}


def faces_of(hospital_id: int, patients: Sequence[Patient]) -> list[PatientFace]:
    """Open what a page shows of patients that are already loaded, in their order."""
    if not patients:
        return []
    ring = sealing.ring_of(hospital_id, [patient.pk for patient in patients])
    today = time.today(Hospital.objects.get(pk=hospital_id))
    return [make_face(ring, patient, today) for patient in patients]


def face_of(patient: Patient) -> PatientFace:
    return faces_of(patient.hospital_id, [patient])[0]


def make_face(ring: keys.Keyring, patient: Patient, today: date) -> PatientFace:
    name = sealing.open_name(ring, patient)
    return PatientFace(
        id=patient.pk,
        key=patient.key,
        name=name or _("资料已删除"),
        masked_name=mask_name(name) or _("资料已删除"),
        sex=patient.sex,
        age=rules.age_on(patient.birth_on, today),
        phone_masked=mask_phone(sealing.open_phone(ring, patient)),
        inpatient_masked=""
        if not name
        else rules.mask_number(sealing.open_inpatient(ring, patient)),
        stage=patient.stage,
        risk=patient.risk,
        state=patient.state,
        stop_reason=patient.stop_reason,
    )


def reveal(actor: Actor, patient: Patient) -> Revealed:
    """Open the identifiers. Whoever calls writes the look down first."""
    if not actor.may("patient.reveal"):
        raise ForbiddenError
    return open_facts(patient)


def open_facts(patient: Patient) -> Revealed:
    ring = sealing.ring_of(patient.hospital_id, [patient.pk])
    return Revealed(
        name=sealing.open_name(ring, patient),
        phone=sealing.open_phone(ring, patient),
        inpatient=sealing.open_inpatient(ring, patient),
        diagnosis=sealing.open_diagnosis(ring, patient),
    )


def diagnosis_of(patient: Patient) -> str:
    return open_facts(patient).diagnosis


def list_tags(hospital_id: int) -> list[Tag]:
    return list(Tag.objects.filter(hospital_id=hospital_id).order_by("name"))


def tags_of(hospital_id: int, patient_ids: Iterable[int]) -> dict[int, list[str]]:
    rows = PatientTag.objects.filter(hospital_id=hospital_id, patient_id__in=set(patient_ids))
    found: dict[int, list[str]] = {}
    for patient_id, name in rows.order_by("tag__name").values_list("patient_id", "tag__name"):
        found.setdefault(patient_id, []).append(name)
    return found


def list_life_events(actor: Actor, patient: Patient) -> list[LifeEvent]:
    if not actor.may("patient.read"):
        raise ForbiddenError
    return list(LifeEvent.objects.filter(patient=patient).order_by("-at"))


def access_merge(actor: Actor, key: str) -> PatientMerge:
    rows = PatientMerge.objects.filter(hospital_id=actor.hospital_id, key=key)
    merge = rows.select_related("folded", "kept").first()
    if merge is None:
        raise NotFoundError
    return merge


def list_timeline(
    actor: Actor,
    patient: Patient,
    *,
    names: Sequence[str] = (),
    before: datetime | None = None,
    limit: int = TIMELINE_ROWS,
) -> list[Event]:
    """Return what happened to a patient, newest first; `before` continues where a page ended."""
    if actor.kind == "staff" and not actor.may("patient.read"):
        raise ForbiddenError
    rows = Event.objects.filter(hospital_id=patient.hospital_id, patient_id=patient.pk)
    if names:
        rows = rows.filter(name__in=names)
    if before:
        rows = rows.filter(at__lt=before)
    return list(rows.order_by("-at", "-id")[:limit])


# --- Who holds the phone -------------------------------------------------------------------------


def answer_of(holding: Holding, today: date) -> rules.HoldingAnswer:
    """Say whether this holding opens the patient's health data today, or why not."""
    patient = holding.patient
    verified = holding.verified_at
    facts = rules.HoldingFacts(
        relation=holding.relation,
        state=holding.state,
        verified_on=time.local(patient.hospital, verified).date() if verified else None,
        patient_state=patient.state,
        birth_on=patient.birth_on,
    )
    return rules.may_hold(facts, today)


def list_holdings(holder: Holder) -> list[Holding]:
    """Return everything this person ever claimed and has not given up, newest proof first."""
    rows = Holding.objects.filter(holder=holder).exclude(state=Holding.State.ENDED)
    rows = rows.select_related("patient", "patient__hospital")
    return list(rows.order_by(F("verified_at").desc(nulls_last=True), "-id"))


def patients_of(holder: Holder) -> list[Holding]:
    """Return the holdings that open a patient today; each with its patient loaded."""
    holdings = list_holdings(holder)
    if not holdings:
        return []
    today = time.today(holdings[0].patient.hospital)
    return [holding for holding in holdings if answer_of(holding, today) == "yes"]


def find_current_holding(holder: Holder) -> Holding | None:
    """Return whom the phone shows now: the chosen patient, else the one verified last."""
    open_ones = patients_of(holder)
    for holding in open_ones:
        if holding.patient_id == holder.current_patient_id:
            return holding
    return open_ones[0] if open_ones else None


def find_current_patient(holder: Holder) -> Patient | None:
    holding = find_current_holding(holder)
    return holding.patient if holding else None


def access_current_patient(holder: Holder) -> Patient:
    """Return whom the phone shows now; nobody is verified looks like nothing is there."""
    patient = find_current_patient(holder)
    if patient is None:
        raise NotFoundError
    return patient


def holders_of(hospital_id: int, patient_id: int) -> list[Holding]:
    """Return the verified holdings of a patient, the patient's own phone first."""
    rows = Holding.objects.filter(
        hospital_id=hospital_id, patient_id=patient_id, state=Holding.State.VERIFIED
    ).select_related("holder", "patient", "patient__hospital", "verified_by")
    order: dict[str, int] = {relation: place for place, relation in enumerate(rules.RELATIONS)}
    holdings = sorted(rows, key=lambda holding: (order[holding.relation], holding.pk))
    if not holdings:
        return []
    today = time.today(holdings[0].patient.hospital)
    return [holding for holding in holdings if answer_of(holding, today) == "yes"]


@dataclass(frozen=True)
class PatientAddress:
    """One way to a patient: whose phone it is and where it is met."""

    holder_id: int
    relation: str
    address: Address


def addresses_of(hospital_id: int, patient_id: int) -> list[PatientAddress]:
    """Return every active address of those who hold the phone for the patient."""
    holdings = {holding.holder_id: holding for holding in holders_of(hospital_id, patient_id)}
    rows = HolderAddress.objects.filter(
        hospital_id=hospital_id, holder_id__in=holdings, address__state=Address.State.ACTIVE
    ).select_related("address", "address__account")
    by_holder: dict[int, list[HolderAddress]] = {}
    for row in rows.order_by("pk"):
        by_holder.setdefault(row.holder_id, []).append(row)
    return [
        PatientAddress(holder_id, holding.relation, row.address)
        for holder_id, holding in holdings.items()
        for row in by_holder.get(holder_id, [])
    ]


def addresses_of_holder(hospital_id: int, holder_id: int) -> list[Address]:
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, holder_id=holder_id)
    rows = rows.select_related("address", "address__account").order_by("pk")
    return [row.address for row in rows if row.address.state == Address.State.ACTIVE]


def find_holder(hospital_id: int, holder_id: int) -> Holder | None:
    return Holder.objects.filter(hospital_id=hospital_id, pk=holder_id).first()


def find_holder_of_address(hospital_id: int, address_id: int) -> Holder | None:
    return holders_by_address(hospital_id, [address_id]).get(address_id)


def holders_by_address(hospital_id: int, address_ids: Iterable[int]) -> dict[int, Holder]:
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, address_id__in=set(address_ids))
    return {row.address_id: row.holder for row in rows.select_related("holder")}


def find_holder_by_identity(
    hospital_id: int, account_id: int, external_ids: Iterable[str], union_id: str
) -> Holder | None:
    """Find who signed in: by an id of this very account, else by the union id."""
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, holder__is_active=True)
    rows = rows.select_related("holder", "holder__hospital")
    names = [name for name in external_ids if name]
    found = rows.filter(address__account_id=account_id, address__external_id__in=names).first()
    if found is None and union_id:
        found = rows.filter(address__union_id=union_id).order_by("pk").first()
    return found.holder if found else None


def find_holder_by_token(token: str) -> Holder | None:
    """Return whose phone the cookie belongs to; needs no scope, opens none."""
    session = HolderSession.objects.filter(
        token_hash=hashlib.sha256(token.encode()).digest(), expires_at__gt=time.now()
    ).first()
    return (
        None if session is None else Holder(pk=session.holder_id, hospital_id=session.hospital_id)
    )


def load_holder(hospital_id: int, holder_id: int) -> Holder | None:
    rows = Holder.objects.filter(hospital_id=hospital_id, pk=holder_id, is_active=True)
    return rows.select_related("hospital", "team", "department", "staff").first()


def nicknames_of(hospital_id: int, holders: Sequence[Holder]) -> dict[int, str]:
    ring = keys.Keyring.load(hospital_id, [("holder", holder.pk) for holder in holders])
    return {holder.pk: sealing.open_nickname(ring, holder) for holder in holders}


def find_phone_code(holder: Holder) -> PhoneCode | None:
    """Return the code asked for last."""
    return PhoneCode.objects.filter(holder=holder).order_by("-asked_at", "-id").first()


def list_pending_holdings(actor: Actor) -> list[Holding]:
    """Return who waits to be verified, so that the ward can help."""
    if not actor.may("patient.verify"):
        raise ForbiddenError
    rows = Holding.objects.filter(hospital_id=actor.hospital_id, state=Holding.State.PENDING)
    rows = rows.filter(patient__state=Patient.State.ACTIVE).select_related("patient", "holder")
    return list(rows.order_by("-claimed_at")[:50])


def count_open_bedside_numbers(actor: Actor) -> int:
    rows = BedsideNumber.objects.filter(hospital_id=actor.hospital_id, used_at=None)
    return rows.filter(expires_at__gt=time.now()).count()


def access_holding(actor: Actor, key: str) -> Holding:
    rows = Holding.objects.filter(hospital_id=actor.hospital_id, key=key)
    holding = rows.select_related("patient", "holder").first()
    own = holding is not None and actor.kind == "holder" and holding.holder_id == actor.id
    if holding is None or (actor.kind == "holder" and not own):
        raise NotFoundError
    return holding
