"""Reads: what was agreed to, which words are watched, who looked at whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, QuerySet

from lianxin.channels import queries as channels
from lianxin.compliance import catalogue
from lianxin.compliance.models import Consent, Erasure
from lianxin.compliance.registry import personal_fields
from lianxin.compliance.rules import consent as rules
from lianxin.compliance.rules.consent import Answer, Purpose, Words
from lianxin.compliance.rules.guard import Context, Finding, Phrase, find_findings
from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import AccessEntry, Event, Hospital
from lianxin.patients import queries as patients
from lianxin.patients.models import Holder, Holding, Patient
from lianxin.staff import queries as staff
from lianxin.staff.models import Staff

# --- Consent -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """One purpose with the words to show and the answer so far."""

    purpose: Purpose
    words: Words
    answer: Answer | None
    may_ask: bool

    @property
    def code(self) -> str:
        return self.purpose.code

    @property
    def is_granted(self) -> bool:
        return self.answer is not None and self.answer.decision == "granted"


def consents_of(hospital_id: int, patient_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return what each patient agrees to now; an unanswered question is not in it."""
    by_patient = answers_of(hospital_id, patient_ids)
    return {patient_id: rules.granted_now(answers) for patient_id, answers in by_patient.items()}


def has_consent(hospital_id: int, patient_id: int, purpose: str) -> bool:
    return purpose in consents_of(hospital_id, [patient_id])[patient_id]


def answers_of(hospital_id: int, patient_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """Return the last answer per patient and purpose: one query for any number of patients."""
    wanted = set(patient_ids)
    found: dict[int, list[Answer]] = {patient_id: [] for patient_id in wanted}
    rows = (
        Consent.objects.filter(hospital_id=hospital_id, patient_id__any_of=wanted)
        .order_by("patient_id", "purpose", "-at", "-id")
        .distinct("patient_id", "purpose")
    )
    for patient_id, purpose, decision, at, order in rows.values_list(
        "patient_id", "purpose", "decision", "at", "id"
    ):
        found[patient_id].append(Answer(purpose, decision, at, order))
    return found


def list_questions(patient: Patient, language: str) -> list[Question]:
    """Return every purpose with its words and the patient's answer, in the data's order."""
    answers = rules.latest_answers(answers_of(patient.hospital_id, [patient.pk])[patient.pk])
    now = time.now()
    return [
        Question(
            purpose=purpose,
            words=purpose.words(language),
            answer=answers.get(purpose.code),
            may_ask=rules.may_ask(answers.get(purpose.code), now),
        )
        for purpose in catalogue.purposes()
    ]


def granted_of(questions: Iterable[Question]) -> frozenset[str]:
    """Return what a patient agrees to, for who has loaded the questions."""
    return frozenset(question.code for question in questions if question.is_granted)


def find_purpose(code: str) -> Purpose | None:
    return next((purpose for purpose in catalogue.purposes() if purpose.code == code), None)


def list_purposes(language: str) -> list[Words]:
    return [purpose.words(language) for purpose in catalogue.purposes()]


def count_consents(actor: Actor, language: str) -> list[tuple[str, int, int]]:
    """Return title, granted and answered per purpose, over the living patients."""
    if not actor.may("audit.read"):
        raise ForbiddenError
    last = (
        Consent.objects.filter(hospital_id=actor.hospital_id, patient__state=Patient.State.ACTIVE)
        .order_by("patient_id", "purpose", "-at", "-id")
        .distinct("patient_id", "purpose")
    )
    answered: Counter[str] = Counter()
    granted: Counter[str] = Counter()
    for purpose, decision in last.values_list("purpose", "decision"):
        answered[purpose] += 1
        granted[purpose] += decision == Consent.Decision.GRANTED
    return [
        (purpose.words(language).title, granted[purpose.code], answered[purpose.code])
        for purpose in catalogue.purposes()
    ]


def list_consent_history(patient: Patient) -> QuerySet[Consent]:
    return Consent.objects.filter(hospital_id=patient.hospital_id, patient=patient).order_by(
        "-at", "-id"
    )


def may_see_health(holder: Holder, patient: Patient) -> bool:
    """Tell whether this phone may show health data: verified, consented, and shared if family."""
    holding = next(
        (held for held in patients.patients_of(holder) if held.patient_id == patient.pk), None
    )
    if holding is None:
        return False
    granted = consents_of(patient.hospital_id, [patient.pk])[patient.pk]
    if "health_records" not in granted:
        return False
    return holding.relation != Holding.Relation.FAMILY or is_shared_with_family(holding, granted)


def is_shared_with_family(holding: Holding, granted: frozenset[str]) -> bool:
    """Tell whether family may look: by the patient's word, or where no own phone exists."""
    if "family_access" in granted:
        return True
    holdings = patients.holders_of(holding.patient)
    return not any(held.relation == Holding.Relation.SELF for held in holdings)


# --- The wording guard ---------------------------------------------------------------------------


def guard_phrases(hospital_id: int) -> tuple[Phrase, ...]:
    """Return the phrases watched in this hospital: today the house's list for everyone."""
    del hospital_id
    return catalogue.phrases()


def check_wording(hospital_id: int, text: str, context: Context) -> list[Finding]:
    """Return what may not be said in this text."""
    return find_findings(text, guard_phrases(hospital_id), context)


# --- Who looked ----------------------------------------------------------------------------------

LOOKS_SQL = """
select at, by_kind, by_id, patient_id, page, outcome, reason from core_accessentry
where hospital_id = %s and patient_id = any(array(
          select id from patients_patient where id = %s or merged_into_id = %s
      )) and at >= %s and at <= %s
      and outcome = 'seen' and by_kind <> 'holder'
order by at desc, id desc limit %s
"""


class Seen(NamedTuple):
    """One row of the access log, of which a page shows many."""

    at: datetime
    by_kind: str
    by_id: int | None
    patient_id: int | None
    page: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class Look:
    """One line of the access log in words: who, when, where, with what outcome."""

    at: datetime
    who: str
    title: str
    page: str
    outcome: str
    reason: str
    patient_id: int | None


@dataclass(frozen=True)
class AccessFilter:
    staff_key: str = ""
    patient_key: str = ""
    outcome: str = ""
    since: date | None = None
    until: date | None = None


def list_access(actor: Actor, wanted: AccessFilter | None = None) -> QuerySet[AccessEntry]:
    """List looks and refused attempts of this hospital, newest first."""
    if not actor.may("audit.read"):
        raise ForbiddenError
    wanted = wanted or AccessFilter()
    rows = AccessEntry.objects.filter(hospital_id=actor.hospital_id)
    if wanted.staff_key:
        person = staff.access_staff(actor, wanted.staff_key)
        rows = rows.filter(by_kind="staff", by_id=person.pk)
    if wanted.patient_key:
        rows = rows.filter(patient_id=find_patient_id(actor, wanted.patient_key))
    if wanted.outcome:
        rows = rows.filter(outcome=wanted.outcome)
    return between(rows, actor, wanted).order_by("-at", "-id")


def patient_keys(actor: Actor, patient_ids: Iterable[int | None]) -> dict[int | None, str]:
    """Return the public ids of some patients: the log names people by them, never by name."""
    wanted = {patient_id for patient_id in patient_ids if patient_id is not None}
    rows = Patient.objects.of(actor.hospital_id).filter(pk__in=wanted)
    return dict(rows.values_list("pk", "key"))


def list_people(actor: Actor) -> list[Staff]:
    return list(staff.list_staff(actor.hospital_id))


def find_patient_id(actor: Actor, key: str) -> int:
    found = Patient.objects.of(actor.hospital_id).filter(key=key).values_list("pk", flat=True)
    patient_id = found.first()
    if patient_id is None:
        raise NotFoundError
    return patient_id


def between(
    rows: QuerySet[AccessEntry], actor: Actor, wanted: AccessFilter
) -> QuerySet[AccessEntry]:
    """Narrow to the hospital's own days; without one to the last thirty: few partitions."""
    zone = ZoneInfo(Hospital.objects.get(pk=actor.hospital_id).time_zone)
    since = time.now() - timedelta(days=30)
    if wanted.since:
        since = datetime.combine(wanted.since, clock.min, tzinfo=zone)
    rows = rows.filter(at__gte=since)
    if wanted.until:
        end = datetime.combine(wanted.until + timedelta(days=1), clock.min, tzinfo=zone)
        rows = rows.filter(at__lt=end)
    return rows


def in_words(
    hospital_id: int, entries: Iterable[AccessEntry | Seen], known: Iterable[Staff] = ()
) -> list[Look]:
    """Name the people of some log lines, with one query for those the page does not know yet."""
    rows = list(entries)
    people = {one.pk: one for one in known}
    ids = {row.by_id for row in rows if row.by_kind == "staff" and row.by_id}
    people |= Staff.objects.of(hospital_id).in_bulk(ids - people.keys())
    return [make_look(row, people) for row in rows]


def make_look(row: AccessEntry | Seen, known: Mapping[int, Staff]) -> Look:
    person = known.get(row.by_id or 0) if row.by_kind == "staff" else None
    return Look(
        at=row.at,
        who=person.name if person else row.by_kind,
        title=person.title if person else "",
        page=row.page,
        outcome=row.outcome,
        reason=row.reason,
        patient_id=row.patient_id,
    )


def who_looked(
    patient: Patient, *, days: int = 90, limit: int = 50, known: Iterable[Staff] = ()
) -> list[Look]:
    """Return who looked at this patient, newest first: the patient reads the same list.

    Looks at a row before it was merged into this one stand under that row's own id.
    """
    now = time.now()
    since, until = now - timedelta(days=days), now + timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(
            LOOKS_SQL,
            [patient.hospital_id, patient.pk, patient.pk, since, until, limit],
        )
        rows = list(map(Seen._make, cursor.fetchall()))
    return in_words(patient.hospital_id, rows, known)


def count_refusals(actor: Actor, *, days: int = 30) -> int:
    if not actor.may("audit.read"):
        raise ForbiddenError
    since = time.now() - timedelta(days=days)
    rows = AccessEntry.objects.filter(hospital_id=actor.hospital_id, at__gte=since)
    return rows.filter(outcome=AccessEntry.Outcome.REFUSED).count()


def busiest_readers(actor: Actor, *, days: int = 30, limit: int = 5) -> list[tuple[str, int]]:
    """Return who opened the most different patients: the line a privacy officer looks at first."""
    if not actor.may("audit.read"):
        raise ForbiddenError
    since = time.now() - timedelta(days=days)
    rows = (
        AccessEntry.objects.filter(
            hospital_id=actor.hospital_id,
            at__gte=since,
            by_kind="staff",
            outcome=AccessEntry.Outcome.SEEN,
        )
        .values("by_id")
        .annotate(people=Count("patient_id", distinct=True))
        .order_by("-people", "by_id")[:limit]
    )
    counts = [(row["by_id"] or 0, row["people"]) for row in rows]
    names = staff.names_of_staff(actor.hospital_id, {staff_id for staff_id, _n in counts})
    return [(names.get(staff_id, "?"), people) for staff_id, people in counts]


# --- Erasure -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ErasurePlan:
    """What erasing this patient will do, said before it is done."""

    outcome: str
    cleared: tuple[str, ...]
    unreadable: tuple[str, ...]
    restricted: tuple[str, ...]
    phones: int
    journal_lines: int


def plan_erasure(actor: Actor, patient: Patient) -> ErasurePlan:
    if not actor.may("patient.erase"):
        raise ForbiddenError
    fields = personal_fields()
    return ErasurePlan(
        outcome=outcome_of(patient),
        cleared=tuple(field.name for field in fields if field.ending == "cleared"),
        unreadable=tuple(field.name for field in fields if field.ending == "key_destroyed"),
        restricted=tuple(field.name for field in fields if field.ending == "restricted"),
        phones=len(patients.holders_of(patient)),
        journal_lines=Event.objects.filter(
            hospital_id=patient.hospital_id, patient_id=patient.pk
        ).count(),
    )


def outcome_of(patient: Patient) -> str:
    """Say what stays: who was an inpatient, in any of her rows, has a record the law keeps."""
    rows = [patient, *patients.list_folded(patient)]
    if all(row.inpatient_blind is None for row in rows):
        return Patient.State.ERASED
    return Patient.State.RESTRICTED


def list_unfollowed(hospital_id: int, most: int = 500) -> list[int]:
    """Return the addresses of those who unfollowed so long ago that they are to be forgotten."""
    rows = channels.list_unfollowed_to_forget(hospital_id, time.now())
    return list(rows.values_list("pk", flat=True)[:most])


def list_erasures(actor: Actor) -> list[Erasure]:
    if not actor.may("audit.read"):
        raise ForbiddenError
    rows = Erasure.objects.filter(hospital_id=actor.hospital_id).select_related("patient")
    return list(rows.order_by("-at")[:50])
