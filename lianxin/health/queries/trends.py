"""Trend data: one query for any span, days folded in the database, extremes kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from lianxin.core import time
from lianxin.health.queries.book import Book
from lianxin.health.queries.readings import list_readings, situation_of
from lianxin.health.rules import averages
from lianxin.health.rules.averages import HomeMean, Variability
from lianxin.health.rules.chart import Mark
from lianxin.health.rules.evaluate import goal_limits, over_goal
from lianxin.health.rules.values import Reading
from lianxin.patients.models import Patient

# The wall-clock day is folded in SQL: a year of four readings a day becomes at most 730 rows.
TREND_SQL = """
select (measured_at at time zone %s)::date, slot, count(*),
       avg(value), min(value), max(value), avg(value_2), min(value_2), max(value_2),
       avg(value_3), min(value_3), max(value_3)
from health_observation
where patient_id = %s and metric = %s and measured_at >= %s and measured_at < %s
      and hospital_id = %s and state = 'final'
group by 1, 2 order by 1, 2
"""


class TrendRow(NamedTuple):
    """One day and slot: how many readings, then mean, lowest, highest of the three columns."""

    on: date
    slot: str
    readings: int
    mean: float
    lowest: float
    highest: float
    mean_2: float | None
    lowest_2: float | None
    highest_2: float | None
    mean_3: float | None
    lowest_3: float | None
    highest_3: float | None


@dataclass(frozen=True)
class Trend:
    """One data set for sentence, numbers, table and picture."""

    metric: str
    fields: tuple[str, ...]
    first_on: date
    last_on: date
    marks: tuple[Mark, ...]
    gaps: tuple[tuple[date, date], ...]
    limits: Mapping[str, float]
    week: HomeMean
    spread: Variability
    difference: float | None
    at_goal: tuple[int, int]
    days_measured: int
    latest: Reading | None

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1


def list_trend_rows(
    patient: Patient, metric: str, *, first_on: date, last_on: date
) -> list[TrendRow]:
    """Fold the readings by local day and slot: one query through the index, RLS as always."""
    zone_name = patient.hospital.time_zone
    start, end = day_start(first_on, zone_name), day_start(last_on + timedelta(days=1), zone_name)
    with connection.cursor() as cursor:
        cursor.execute(TREND_SQL, [zone_name, patient.pk, metric, start, end, patient.hospital_id])
        return list(map(TrendRow._make, cursor.fetchall()))


def day_start(day: date, zone_name: str) -> datetime:
    return datetime.combine(day, clock(0), tzinfo=ZoneInfo(zone_name))


def load_trend(book: Book, patient: Patient, metric: str, *, days: int) -> Trend:
    """Load everything that a trend page shows of the last `days` days."""
    situation = situation_of(book, patient, metric)
    last_on = situation.now.astimezone(situation.zone).date()
    first_on = last_on - timedelta(days=days - 1)
    rows = list_trend_rows(patient, metric, first_on=first_on, last_on=last_on)
    fields = tuple(field["code"] for field in book.fields(metric) if not field.get("optional"))
    limits = goal_limits(book.rules, situation)
    week = averages.latest_week(
        situation.history,
        today=last_on,
        zone=situation.zone,
        settings=book.settings["home_mean"],
    )
    used = used_readings(situation.history, week, situation.zone)
    measured = sorted({row.on for row in rows})
    return Trend(
        metric=metric,
        fields=fields,
        first_on=first_on,
        last_on=last_on,
        marks=tuple(marks_of(book, metric, rows)),
        gaps=tuple(averages.gaps(measured, first_on=first_on, last_on=gap_end(measured, last_on))),
        limits=limits,
        week=week,
        spread=averages.variability(
            used,
            fields[0],
            zone=situation.zone,
            least_days=book.settings["variability"]["least_days"],
        ),
        difference=averages.difference(week, fields[0]),
        at_goal=averages.at_goal(used, over_goal(limits)) if limits else (0, 0),
        days_measured=len(measured),
        latest=situation.history[-1] if situation.history else None,
    )


def gap_end(measured: Sequence[date], today: date) -> date:
    """Leave today out of the gaps while it is not over."""
    return today if measured and measured[-1] == today else today - timedelta(days=1)


def used_readings(
    readings: Sequence[Reading], week: HomeMean, zone: ZoneInfo | Any
) -> list[Reading]:
    return [
        reading
        for reading in readings
        if reading.slot and week.used_from <= reading.local_day(zone) <= week.last_on
    ]


def marks_of(book: Book, metric: str, rows: Sequence[TrendRow]) -> list[Mark]:
    fields = [(field["code"], field["column"] - 1) for field in book.fields(metric)]
    return [make_mark(row, fields) for row in rows]


def make_mark(row: TrendRow, fields: Sequence[tuple[str, int]]) -> Mark:
    """Name the row's columns by the metric's fields; an empty column is not there."""
    columns = (
        (row.mean, row.lowest, row.highest),
        (row.mean_2, row.lowest_2, row.highest_2),
        (row.mean_3, row.lowest_3, row.highest_3),
    )
    values: dict[str, float] = {}
    lowest: dict[str, float] = {}
    highest: dict[str, float] = {}
    for code, place in fields:
        mean, low, high = columns[place]
        if mean is not None and low is not None and high is not None:
            values[code], lowest[code], highest[code] = mean, low, high
    return Mark(row.on, row.slot, values, lowest, highest, row.readings)


def list_recent(book: Book, patient: Patient, metric: str, *, days: int) -> list[Reading]:
    """Return the single readings of the last days, newest first."""
    since = time.now() - timedelta(days=days)
    return list_readings(book, patient, metric, since=since)[::-1]
