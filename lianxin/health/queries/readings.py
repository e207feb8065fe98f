"""Single measurements, and what the rules may know about the person who was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from lianxin.core import time
from lianxin.health.models import HealthProfile, Observation, ObservationKey, ThresholdOverride
from lianxin.health.queries.book import Book
from lianxin.health.rules.evaluate import Situation
from lianxin.health.rules.values import Person, Reading
from lianxin.patients import rules as patient_rules
from lianxin.patients.models import Patient

COLUMNS = ("value", "value_2", "value_3")
# No reading is later than this: the months that are made ahead need no look.
AHEAD = timedelta(days=1)
READINGS_SQL = """
select measured_at, slot, value, value_2, value_3 from health_observation
where hospital_id = %s and patient_id = %s and metric = %s and measured_at >= %s
      and measured_at <= %s and state = 'final'
order by measured_at
"""
# One week and its first day, and a day for the zone.
HISTORY_DAYS = 9


def values_by_field(book: Book, metric: str, numbers: Sequence[float | None]) -> dict[str, float]:
    """Name the three columns by the metric's fields."""
    return {
        field["code"]: number
        for field in book.fields(metric)
        if (number := numbers[field["column"] - 1]) is not None
    }


def columns_by_field(book: Book, metric: str, values: Mapping[str, float]) -> dict[str, float]:
    return {
        COLUMNS[field["column"] - 1]: values[field["code"]]
        for field in book.fields(metric)
        if field["code"] in values
    }


def values_of(book: Book, observation: Observation) -> dict[str, float]:
    numbers = (observation.value, observation.value_2, observation.value_3)
    return values_by_field(book, observation.metric, numbers)


def list_readings(
    book: Book, patient: Patient, metric: str, *, since: datetime, until: datetime | None = None
) -> list[Reading]:
    """Return the valid readings, oldest first."""
    until = until or time.now() + AHEAD
    with connection.cursor() as cursor:
        cursor.execute(READINGS_SQL, [patient.hospital_id, patient.pk, metric, since, until])
        return [
            Reading(at, values_by_field(book, metric, numbers), slot)
            for at, slot, *numbers in cursor.fetchall()
        ]


def find_last_reading(book: Book, patient: Patient, metric: str) -> Reading | None:
    """Return the latest valid reading of the last half year."""
    since = time.now() - timedelta(days=183)
    rows = Observation.objects.filter(
        patient_id=patient.pk,
        metric=metric,
        measured_at__gte=since,
        hospital_id=patient.hospital_id,
        state=Observation.State.FINAL,
    ).order_by("-measured_at")
    row = rows.first()
    return Reading(row.measured_at, values_of(book, row), row.slot) if row else None


def find_observation(patient: Patient, measured_at: datetime, row_id: int) -> Observation | None:
    rows = Observation.objects.filter(measured_at=measured_at, id=row_id)
    return rows.filter(patient_id=patient.pk, hospital_id=patient.hospital_id).first()


def find_repeated(patient: Patient, client_key: str) -> Observation | None:
    """Return what this key saved before; another patient's key is nobody's."""
    keys = ObservationKey.objects.filter(hospital_id=patient.hospital_id, client_key=client_key)
    key = keys.filter(patient=patient).first()
    return find_observation(patient, key.measured_at, key.observation_id) if key else None


def find_profile(patient: Patient) -> HealthProfile | None:
    return HealthProfile.objects.filter(patient=patient).first()


def person_of(patient: Patient, today: date) -> Person:
    """Say what is known; what nobody has said stays None and makes the rules stricter."""
    known = HealthProfile.objects.filter(patient=patient).values_list("flags", flat=True)[:1]
    flags = next(iter(known), None)
    return Person(
        age=patient_rules.age_on(patient.birth_on, today),
        flags=None if flags is None else frozenset(flags),
    )


def overrides_of(patient: Patient, today: date) -> dict[str, dict[str, float]]:
    rows = ThresholdOverride.objects.filter(patient=patient, valid_until__gte=today)
    return dict(rows.values_list("rule_code", "limits"))


def situation_of(
    book: Book,
    patient: Patient,
    metric: str,
    *,
    reading: Reading | None = None,
    symptoms: frozenset[str] | None = None,
    silent_days: int | None = None,
) -> Situation:
    """Gather what the rules look at: the person, the last days, the doctor's own limits."""
    now = time.now()
    zone = ZoneInfo(patient.hospital.time_zone)
    today = now.astimezone(zone).date()
    since, until = now - timedelta(days=HISTORY_DAYS), now + timedelta(days=1)
    return Situation(
        metric=metric,
        person=person_of(patient, today),
        reading=reading,
        history=list_readings(book, patient, metric, since=since, until=until),
        now=now,
        zone=zone,
        symptoms=symptoms,
        overrides=overrides_of(patient, today),
        silent_days=silent_days,
    )
