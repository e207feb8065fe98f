"""Medicines that a clinician entered, the doses of a day, and how regular the ticks are."""

from __future__ import annotations

from collections.abc import Iterable
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


def list_current(patient: Patient, on: date) -> list[Medication]:
    rows = Medication.objects.filter(patient=patient, hospital_id=patient.hospital_id)
    rows = rows.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)
    return list(rows.order_by("entered_at", "id"))


def open_names(patient: Patient, medicines: Iterable[Medication]) -> dict[int, str]:
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
    medicines = list_current(patient, today)
    names = open_names(patient, medicines) if medicines else {}
    since = today - timedelta(days=days - 1)
    taken: dict[int, int] = {}
    rows = DoseTick.objects.filter(
        patient=patient, on__gte=since, on__lte=today, state=DoseTick.State.TAKEN
    )
    for medication_id in rows.values_list("medication_id", flat=True):
        taken[medication_id] = taken.get(medication_id, 0) + 1
    return [
        MedicineFacts(
            key=medicine.key,
            name=names[medicine.pk],
            slots=tuple(medicine.slots),
            starts_on=medicine.starts_on,
            ends_on=medicine.ends_on,
            days_ticked=taken.get(medicine.pk, 0),
            days_planned=len(medicine.slots) * ((today - max(since, medicine.starts_on)).days + 1),
        )
        for medicine in medicines
    ]


def adherence_of(patient: Patient, first_on: date, last_on: date) -> dict[str, dict[date, str]]:
    """Say by slot and day whether everything planned was ticked: all, part or none."""
    medicines = Medication.objects.filter(patient=patient, starts_on__lte=last_on)
    planned = [m for m in medicines if m.ends_on is None or m.ends_on >= first_on]
    ticks: dict[tuple[date, str], int] = {}
    rows = DoseTick.objects.filter(
        patient=patient, on__gte=first_on, on__lte=last_on, state=DoseTick.State.TAKEN
    )
    for on, slot in rows.values_list("on", "slot"):
        ticks[on, slot] = ticks.get((on, slot), 0) + 1
    slots = sorted({slot for m in planned for slot in m.slots}, key=SLOT_ORDER.index)
    return {slot: states_of(planned, ticks, slot, first_on, last_on) for slot in slots}


SLOT_ORDER = ["morning", "noon", "evening", "bedtime"]


def states_of(
    planned: list[Medication],
    ticks: dict[tuple[date, str], int],
    slot: str,
    first_on: date,
    last_on: date,
) -> dict[date, str]:
    found: dict[date, str] = {}
    for offset in range((last_on - first_on).days + 1):
        day = first_on + timedelta(days=offset)
        due = sum(
            slot in m.slots and m.starts_on <= day and (m.ends_on is None or day <= m.ends_on)
            for m in planned
        )
        count = ticks.get((day, slot), 0)
        if due:
            found[day] = "all" if count >= due else ("part" if count else "none")
    return found


def access_medication(patient: Patient, key: str) -> Medication:
    medicine = Medication.objects.filter(patient=patient, key=key).first()
    if medicine is None:
        raise NotFoundError
    return medicine
