"""Medicines that a clinician entered, the doses of a day, and how regular the ticks are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from lianxin.core import keys
from lianxin.core.errors import NotFoundError
from lianxin.health.models import DoseTick, Medication
from lianxin.patients.models import Patient

NAME = "health.medication_name"
RECORD = "record"


@dataclass(frozen=True)
class MedicineFacts:
    """A medicine with its name opened, for the patient and the people who treat her."""

    key: str
    name: str
    slots: tuple[str, ...]
    starts_on: date
    ends_on: date | None
    days_ticked: int = 0
    days_planned: int = 0

    @property
    def percent(self) -> int | None:
        """Share of the planned doses that were ticked; None of none, never zero of none."""
        return round(100 * self.days_ticked / self.days_planned) if self.days_planned else None


@dataclass(frozen=True)
class Dose:
    medication_key: str
    name: str
    state: str


@dataclass(frozen=True)
class DosesOfDay:
    """The doses of one slot; the card is done when every one has an answer."""

    on: date
    slot: str
    doses: tuple[Dose, ...]

    @property
    def taken_count(self) -> int:
        return sum(dose.state == DoseTick.State.TAKEN for dose in self.doses)

    @property
    def is_answered(self) -> bool:
        return bool(self.doses) and all(dose.state for dose in self.doses)


@dataclass(frozen=True)
class Intake:
    """What was planned and what was ticked as taken in some days."""

    medicines: tuple[Medication, ...]
    # (medication id, day, slot)
    taken: tuple[tuple[int, date, str], ...]
    first_on: date
    last_on: date

    def current(self, on: date) -> list[Medication]:
        return [m for m in self.medicines if m.starts_on <= on and (m.ends_on or on) >= on]


def load_intake(patient: Patient, first_on: date, last_on: date) -> Intake:
    medicines = Medication.objects.filter(patient=patient, hospital_id=patient.hospital_id)
    medicines = medicines.filter(Q(ends_on=None) | Q(ends_on__gte=first_on), starts_on__lte=last_on)
    planned = tuple(medicines.order_by("entered_at", "id"))
    taken = DoseTick.objects.filter(
        patient=patient, on__gte=first_on, on__lte=last_on, state=DoseTick.State.TAKEN
    )
    return Intake(
        medicines=planned,
        taken=tuple(taken.values_list("medication_id", "on", "slot")) if planned else (),
        first_on=first_on,
        last_on=last_on,
    )


def list_current(patient: Patient, on: date) -> list[Medication]:
    rows = Medication.objects.filter(patient=patient, hospital_id=patient.hospital_id)
    rows = rows.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)
    return list(rows.order_by("entered_at", "id"))


def planned_slots(
    hospital_id: int, patient_ids: Collection[int], days: Collection[date]
) -> set[tuple[int, date, str]]:
    """Say who has a medicine planned on which of these days, in which slot: one query."""
    rows = Medication.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=min(days)),
        hospital_id=hospital_id,
        patient_id__any_of=patient_ids,
        starts_on__lte=max(days),
    ).values_list("patient_id", "slots", "starts_on", "ends_on")
    return {
        (patient_id, day, slot)
        for patient_id, slots, starts_on, ends_on in rows
        for day in days
        if starts_on <= day <= (ends_on or day)
        for slot in slots
    }


def open_names(
    patient: Patient, medicines: Iterable[Medication], ring: keys.Keyring | None = None
) -> dict[int, str]:
    if ring is None:
        ring = keys.Keyring.load(patient.hospital_id, [("patient", patient.pk)])
    return {
        medicine.pk: ring.open(("patient", patient.pk), RECORD, medicine.name_sealed, field=NAME)
        or ""
        for medicine in medicines
    }


def doses_of_day(patient: Patient, on: date, slot: str) -> DosesOfDay:
    """Return the planned doses of a slot with what was ticked: three queries."""
    medicines = [m for m in list_current(patient, on) if slot in m.slots]
    if not medicines:
        return DosesOfDay(on, slot, ())
    names = open_names(patient, medicines)
    ticks = dict(
        DoseTick.objects.filter(patient=patient, on=on, slot=slot).values_list(
            "medication_id", "state"
        )
    )
    return DosesOfDay(
        on, slot, tuple(Dose(m.key, names[m.pk], ticks.get(m.pk, "")) for m in medicines)
    )


def list_medicines(patient: Patient, today: date, *, days: int = 30) -> list[MedicineFacts]:
    """Return the current medicines with how many planned doses were ticked as taken."""
    return facts_of(patient, load_intake(patient, today - timedelta(days=days - 1), today))


def facts_of(
    patient: Patient, intake: Intake, ring: keys.Keyring | None = None
) -> list[MedicineFacts]:
    """Say of each medicine of the last day how many planned doses were ticked."""
    medicines = intake.current(intake.last_on)
    names = open_names(patient, medicines, ring) if medicines else {}
    ticked = Counter(medication_id for medication_id, _on, _slot in intake.taken)
    return [
        MedicineFacts(
            key=medicine.key,
            name=names[medicine.pk],
            slots=tuple(medicine.slots),
            starts_on=medicine.starts_on,
            ends_on=medicine.ends_on,
            days_ticked=ticked[medicine.pk],
            days_planned=len(medicine.slots) * days_planned(medicine, intake),
        )
        for medicine in medicines
    ]


def days_planned(medicine: Medication, intake: Intake) -> int:
    return (intake.last_on - max(intake.first_on, medicine.starts_on)).days + 1


def adherence_of(intake: Intake) -> dict[str, dict[date, str]]:
    """Say by slot and day whether everything planned was ticked: all, part or none."""
    ticks = Counter((on, slot) for _medication_id, on, slot in intake.taken)
    slots = sorted({slot for m in intake.medicines for slot in m.slots}, key=SLOT_ORDER.index)
    return {slot: states_of(intake, ticks, slot) for slot in slots}


SLOT_ORDER = ["morning", "noon", "evening", "bedtime"]


def states_of(intake: Intake, ticks: Counter[tuple[date, str]], slot: str) -> dict[date, str]:
    found: dict[date, str] = {}
    for offset in range((intake.last_on - intake.first_on).days + 1):
        day = intake.first_on + timedelta(days=offset)
        due = sum(slot in m.slots for m in intake.current(day))
        count = ticks[day, slot]
        if due:
            found[day] = "all" if count >= due else ("part" if count else "none")
    return found


def access_medication(patient: Patient, key: str) -> Medication:
    medicine = Medication.objects.filter(patient=patient, key=key).first()
    if medicine is None:
        raise NotFoundError
    return medicine
