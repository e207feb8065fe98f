"""Ninety days of plausible readings and pills, the same every time for the same day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from lianxin.core import events, time
from lianxin.core.ids import make_event_id
from lianxin.core.keys import Keyring
from lianxin.core.models import Event
from lianxin.core.scope import scope
from lianxin.demo.cast import MEDICINES
from lianxin.demo.houses import Opened
from lianxin.demo.people import Member
from lianxin.health.models import DoseTick, HealthProfile, Medication, Observation
from lianxin.health.queries.medicines import NAME, RECORD

BATCH = 2000


@dataclass(frozen=True)
class Course:
    """How one patient's blood pressure goes: where it starts, where it settles, how it swings."""

    start: float
    settled: float
    swing: float
    diligence: float
    gap_from: int
    gap_days: int

    def systolic(self, day: int) -> float:
        return self.settled + (self.start - self.settled) * 0.93**day


def make_course(rng: Random) -> Course:
    return Course(
        start=rng.uniform(136, 158),
        settled=rng.uniform(122, 141),
        swing=rng.uniform(3, 8),
        diligence=rng.uniform(0.55, 0.97),
        gap_from=rng.randint(8, 40),
        gap_days=rng.choice([0, 0, 2, 4, 7]),
    )


def write_history(opened: Opened, members: list[Member], rng: Random) -> None:
    """Write readings, pills and their journal lines for everybody who joined."""
    with scope(opened.hospital):
        readings: list[Observation] = []
        for member in members:
            readings += list_readings(opened, member, make_course(rng), rng)
        Observation.objects.bulk_create(readings, batch_size=BATCH)
        lines = [events.make_event(as_entry(row)) for row in readings]
        Event.objects.bulk_create(lines, batch_size=BATCH)
        HealthProfile.objects.bulk_create(make_profiles(opened, members, readings))
        write_pills(opened, members, rng)


def list_readings(
    opened: Opened, member: Member, course: Course, rng: Random
) -> Iterator[Observation]:
    zone = ZoneInfo(opened.hospital.time_zone)
    first = member.joined_at.astimezone(zone).date()
    days = (time.today(opened.hospital) - first).days
    for number in range(1, days + 1):
        if course.gap_from <= number < course.gap_from + course.gap_days:
            continue
        for slot, hour, offset in (("morning", 7, 3.0), ("evening", 19, -2.0)):
            if rng.random() > course.diligence:
                continue
            at = datetime.combine(first + timedelta(days=number), datetime.min.time(), zone)
            at += timedelta(hours=hour, minutes=rng.randint(0, 50))
            if at >= time.now():
                continue
            base = course.systolic(number) + offset + rng.gauss(0, course.swing)
            yield from (make_reading(member, slot, at, base, n, rng) for n in range(2))


def make_reading(
    member: Member, slot: str, at: datetime, base: float, number: int, rng: Random
) -> Observation:
    systolic = min(max(round(base - number * 2 + rng.gauss(0, 1.5)), 96), 172)
    diastolic = min(max(round(systolic * 0.6 + rng.gauss(4, 3)), 55), systolic - 25)
    measured_at = at + timedelta(minutes=2 * number)
    return Observation(
        measured_at=measured_at,
        id=make_event_id(measured_at),
        hospital_id=member.patient.hospital_id,
        patient_id=member.patient.pk,
        metric="bp",
        value=float(systolic),
        value_2=float(min(diastolic, 104)),
        value_3=float(rng.randint(58, 86)),
        slot=slot,
        recorded_at=measured_at + timedelta(minutes=1),
        by_kind="holder",
        by_id=member.holder.pk,
    )


def as_entry(row: Observation) -> events.Entry:
    return events.Entry(
        "observation.recorded",
        row.hospital_id,
        "observation",
        row.id,
        "holder",
        row.by_id,
        patient_id=row.patient_id,
        data={"metric": row.metric, "slot": row.slot},
        at=row.recorded_at,
    )


def make_profiles(
    opened: Opened, members: list[Member], readings: list[Observation]
) -> list[HealthProfile]:
    last = {row.patient_id: row.measured_at for row in sorted(readings, key=by_time)}
    return [
        HealthProfile(
            hospital=opened.hospital,
            patient=m.patient,
            flags=[],
            planned_from_on=m.joined_at.date(),
            last_measured_at=last.get(m.patient.pk),
            set_by=opened.nurse,
            set_at=m.joined_at,
        )
        for m in members
    ]


def by_time(row: Observation) -> datetime:
    return row.measured_at


def write_pills(opened: Opened, members: list[Member], rng: Random) -> None:
    subjects = [("patient", m.patient.pk) for m in members]
    ring = Keyring.load(opened.hospital.pk, subjects)
    medicines = [
        Medication(
            hospital=opened.hospital,
            patient=m.patient,
            name_sealed=ring.seal(("patient", m.patient.pk), RECORD, name, field=NAME),
            slots=slots,
            starts_on=m.joined_at.date(),
            entered_by=opened.doctor,
            entered_at=m.joined_at,
        )
        for m in members
        for name, slots in zip(MEDICINES, (["morning"], ["morning", "evening"]), strict=False)
    ]
    Medication.objects.bulk_create(medicines)
    joined = {m.patient.pk: m for m in members}
    ticks = [t for row in medicines for t in list_ticks(opened, row, joined[row.patient_id], rng)]
    DoseTick.objects.bulk_create(ticks, batch_size=BATCH)


def list_ticks(
    opened: Opened, medicine: Medication, member: Member, rng: Random
) -> Iterator[DoseTick]:
    days = (time.today(opened.hospital) - medicine.starts_on).days
    diligence = rng.uniform(0.6, 0.99)
    for number in range(1, days):
        on = medicine.starts_on + timedelta(days=number)
        for slot, hour in (("morning", 8), ("evening", 20)):
            if slot in medicine.slots and rng.random() < diligence:
                at = datetime.combine(on, datetime.min.time(), member.joined_at.tzinfo)
                yield DoseTick(
                    hospital=opened.hospital,
                    patient=member.patient,
                    medication=medicine,
                    on=on,
                    slot=slot,
                    state=DoseTick.State.TAKEN,
                    at=at + timedelta(hours=hour - 8),
                    by_kind="holder",
                    by_id=member.holder.pk,
                )
