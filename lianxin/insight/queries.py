"""Reads: each metric is one SQL statement over the rows that the rooms below keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import Hospital
from lianxin.insight import catalog
from lianxin.insight.catalog import Metric
from lianxin.insight.rules import showing
from lianxin.insight.rules.showing import Figure, Period

PEOPLE_LIMIT = 200
# Into how many equal pieces a period of so many days is cut; whole days where that goes.
PIECES = {7: 7, 30: 6, 90: 6}


@dataclass(frozen=True)
class Reading:
    """One metric of one period, the period before, and its course."""

    metric: Metric
    period: Period
    now: Figure
    then: Figure
    course: tuple[tuple[Period, Figure], ...]

    @property
    def is_hidden(self) -> bool:
        return showing.is_hidden(self.now, catalog.hidden_below())

    @property
    def value(self) -> str:
        return showing.NOTHING if self.is_hidden else showing.show_value(self.metric.kind, self.now)

    @property
    def verdict(self) -> showing.Verdict:
        if self.is_hidden:
            return ""
        return showing.judge_change(
            self.metric.kind, self.now, self.then, self.metric.better, catalog.unsure_below()
        )

    @property
    def change(self) -> float | None:
        return showing.change_of(self.metric.kind, self.now, self.then)


def last_days(days: int) -> Period:
    now = time.now()
    return Period(now - timedelta(days=days), now)


def read_all(actor: Actor, period: Period) -> list[Reading]:
    """Read every metric: one statement each, with its former period and its course."""
    check_may_read(actor)
    hospital = Hospital.objects.get(pk=actor.hospital_id)
    return [read_one(hospital, metric, period) for metric in catalog.metrics().values()]


def access_reading(actor: Actor, code: str, period: Period) -> Reading:
    check_may_read(actor)
    hospital = Hospital.objects.get(pk=actor.hospital_id)
    return read_one(hospital, access_metric(code), period)


def access_metric(code: str) -> Metric:
    metric = catalog.metrics().get(code)
    if metric is None:
        raise NotFoundError
    return metric


def check_may_read(actor: Actor) -> None:
    if not actor.may("insight.read"):
        raise ForbiddenError


def read_one(hospital: Hospital, metric: Metric, period: Period) -> Reading:
    pieces = showing.split(period, PIECES.get(period.length.days, 6))
    now, then, *course = read_figures(hospital, metric, [period, showing.before(period), *pieces])
    return Reading(metric, period, now, then, tuple(zip(pieces, course, strict=True)))


def read_figures(hospital: Hospital, metric: Metric, periods: Sequence[Period]) -> list[Figure]:
    """Count one metric in several periods with its one statement."""
    wanted = parameters_of(hospital, metric) | {
        "starts": [period.starts for period in periods],
        "ends": [period.ends for period in periods],
    }
    with connection.cursor() as cursor:
        cursor.execute(catalog.statement(metric.code), wanted)
        rows = cursor.fetchall()
    return [Figure(num, den, median, p90, missing) for _n, num, den, median, p90, missing in rows]


def parameters_of(hospital: Hospital, metric: Metric) -> dict[str, Any]:
    own = metric.parameters
    return {
        "hospital": hospital.pk,
        "now": time.now(),
        "zone": hospital.time_zone,
        "open_within": timedelta(hours=own.get("hours", 0)),
        "carriers": list(own.get("carriers", ())),
        "slots": list(own.get("slots", ())),
        "metric": own.get("metric", ""),
    }


@dataclass(frozen=True)
class Behind:
    """One patient behind a number, and how often."""

    patient_id: int
    count: int


def list_people(actor: Actor, code: str, period: Period) -> list[Behind]:
    """Return the patients behind a metric, for those who may see patients."""
    check_may_read(actor)
    if not actor.may("patient.read"):
        raise ForbiddenError
    metric = access_metric(code)
    hospital = Hospital.objects.get(pk=actor.hospital_id)
    wanted = parameters_of(hospital, metric) | period_of(period.starts, period.ends)
    with connection.cursor() as cursor:
        cursor.execute(catalog.statement(f"{code}_people"), wanted | {"limit": PEOPLE_LIMIT})
        return [Behind(patient_id, count) for patient_id, count in cursor.fetchall()]


def period_of(starts: datetime, ends: datetime) -> dict[str, datetime]:
    return {"start": starts, "end": ends}
