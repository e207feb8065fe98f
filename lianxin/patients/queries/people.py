"""Reads about patients: lists, faces, identifiers, what happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from lianxin.core import keys, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import Event
from lianxin.patients import rules, sealing
from lianxin.patients.models import (
    Holder,
    Holding,
    LifeEvent,
    Patient,
    PatientMerge,
    PatientQuerySet,
    PatientTag,
    Tag,
)
from lianxin.staff import queries as staff
from lianxin.staff.models import CareTeam
from lianxin.web.rules import mask_name, mask_phone

TIMELINE_ROWS = 50


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


# What a face is made of, and nothing else of the row.
FACE_COLUMNS = (
    *("key", "name_sealed", "phone_sealed", "inpatient_sealed", "sex", "birth_on"),
    *("stage", "risk", "state", "stop_reason"),
)


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
    # Under the name or number of a merged row stands the patient who was kept.
    merged = Patient.objects.of(hospital_id).filter(found, state=Patient.State.MERGED)
    return found | Q(pk__in=merged.values("merged_into"))


def find_patient(hospital_id: int, patient_id: int) -> Patient | None:
    return Patient.objects.of(hospital_id).filter(pk=patient_id).first()


def find_by_inpatient(hospital_id: int, number: str) -> Patient | None:
    blind = sealing.blind_inpatient(hospital_id, number)
    if blind is None:
        return None
    return find_living(hospital_id, inpatient_blind=blind)


def find_living(hospital_id: int, **known: object) -> Patient | None:
    """Return the living patient of whom this is known, also by a row that was merged into hers."""
    living = Patient.objects.of(hospital_id).living()
    found = living.filter(**known).first()
    if found is not None:
        return found
    merged = Patient.objects.of(hospital_id).filter(state=Patient.State.MERGED, **known)
    return living.filter(pk__in=merged.values("merged_into")).first()


def list_folded(patient: Patient) -> list[Patient]:
    """Return the rows that were merged into this patient's, the oldest first."""
    rows = Patient.objects.of(patient.hospital_id).filter(merged_into=patient)
    return list(rows.order_by("pk"))


def ids_of(patient: Patient) -> list[int]:
    """Return the patient's id and those of merged rows: what is only added stays under its own."""
    rows = Patient.objects.of(patient.hospital_id).filter(merged_into=patient)
    return [patient.pk, *rows.order_by("pk").values_list("pk", flat=True)]


def is_stopped(hospital_id: int, patient_id: int) -> bool:
    """Tell whether everything was stopped for the patient, or she is gone."""
    return not Patient.objects.of(hospital_id).reachable().filter(pk=patient_id).exists()


def names_of(
    hospital_id: int, patient_ids: Iterable[int], ring: keys.Keyring | None = None
) -> dict[int, PatientFace]:
    """Return the faces of some patients with two queries, however many they are.

    A page that has loaded their keys with others gives them: then it is one.
    """
    rows = Patient.objects.of(hospital_id).filter(pk__in=set(patient_ids))
    rows = rows.select_related("hospital").only("hospital__time_zone", *FACE_COLUMNS)
    return {face.id: face for face in faces_of(hospital_id, list(rows), ring)}


@dataclass(frozen=True)
class OpenPatient:
    """One patient with everything opened, by keys that were loaded once."""

    face: PatientFace
    diagnosis: str
    ring: keys.Keyring

    def nickname(self, holder: Holder) -> str:
        return sealing.open_nickname(self.ring, holder)


def open_patient(patient: Patient, holder_ids: Iterable[int] = ()) -> OpenPatient:
    """Load the keys of a patient and of those who hold the phone, for a page about one person."""
    holders = [("holder", holder_id) for holder_id in holder_ids]
    ring = keys.Keyring.load(patient.hospital_id, [("patient", patient.pk), *holders])
    face = make_face(ring, patient, time.today(patient.hospital))
    return OpenPatient(face, sealing.open_diagnosis(ring, patient), ring)


def faces_of(
    hospital_id: int, patients: Sequence[Patient], ring: keys.Keyring | None = None
) -> list[PatientFace]:
    """Open what a page shows of patients that are already loaded, in their order."""
    if not patients:
        return []
    ring = ring or sealing.ring_of(hospital_id, [patient.pk for patient in patients])
    today = time.today(patients[0].hospital)
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


def list_tags(hospital_id: int) -> list[Tag]:
    return list(Tag.objects.filter(hospital_id=hospital_id).order_by("name"))


def tags_of(hospital_id: int, patient_ids: Iterable[int]) -> dict[int, list[str]]:
    rows = PatientTag.objects.filter(hospital_id=hospital_id, patient_id__in=set(patient_ids))
    found: dict[int, list[str]] = {}
    for patient_id, name in rows.order_by("tag__name").values_list("patient_id", "tag__name"):
        found.setdefault(patient_id, []).append(name)
    return found


def access_tag(actor: Actor, key: str) -> Tag:
    tag = Tag.objects.filter(hospital_id=actor.hospital_id, key=key).first()
    if tag is None:
        raise NotFoundError
    return tag


def is_held() -> Exists:
    """Ask in a query of patients whether somebody verified holds a phone for each."""
    verified = Holding.objects.filter(
        hospital_id=OuterRef("hospital_id"),
        patient_id=OuterRef("pk"),
        state=Holding.State.VERIFIED,
    )
    return Exists(verified)


def held_patient_ids(hospital_id: int, patient_ids: Iterable[int]) -> set[int]:
    """Return those of the patients for whom somebody verified holds a phone."""
    rows = Patient.objects.of(hospital_id).filter(is_held(), pk__in=set(patient_ids))
    return set(rows.values_list("pk", flat=True))


def list_teams_of(actor: Actor) -> list[CareTeam]:
    return staff.list_teams(actor.hospital_id)


def list_life_events(actor: Actor, patient: Patient) -> list[LifeEvent]:
    if not actor.may("patient.read"):
        raise ForbiddenError
    return list(LifeEvent.objects.filter(patient=patient).order_by("-at"))


def list_merges(actor: Actor, kept: Patient) -> list[PatientMerge]:
    rows = PatientMerge.objects.filter(hospital_id=actor.hospital_id, kept=kept, undone_at=None)
    return list(rows.select_related("folded").order_by("-at"))


def find_merge(hospital_id: int, merge_id: int) -> PatientMerge | None:
    return PatientMerge.objects.filter(hospital_id=hospital_id, pk=merge_id).first()


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
    """Return what happened to a patient, newest first; `before` continues where a page ended.

    The journal is only added to: what happened to a merged row stands under its own id.
    """
    if actor.kind == "staff" and not actor.may("patient.read"):
        raise ForbiddenError
    rows = Event.objects.filter(hospital_id=patient.hospital_id, patient_id__in=ids_of(patient))
    if names:
        rows = rows.filter(name__in=names)
    # Nothing is later than now: the months that are made ahead need no look.
    rows = rows.filter(at__lt=before or time.now() + timedelta(days=1))
    return list(rows.order_by("-at", "-id")[:limit])
