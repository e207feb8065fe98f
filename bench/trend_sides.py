"""The two sides of the `trend` benchmark, in a process with Django: `open` and `measure`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from django.db import connection  # noqa: E402 - Django first

from lianxin.core import time  # noqa: E402
from lianxin.core.actor import SystemActor  # noqa: E402
from lianxin.core.hospitals import open_hospital  # noqa: E402
from lianxin.core.models import Hospital  # noqa: E402
from lianxin.core.scope import scope  # noqa: E402
from lianxin.health import actions, panels, queries  # noqa: E402
from lianxin.patients import actions as patients  # noqa: E402
from lianxin.patients.actions import PatientFacts  # noqa: E402
from lianxin.patients.models import Patient  # noqa: E402
from lianxin.staff import actions as staff  # noqa: E402
from lianxin.staff.models import Staff  # noqa: E402

DAYS = 365
# What somebody would type who wants this page and nothing else.
BY_HAND = """
select (measured_at at time zone 'Asia/Shanghai')::date, slot, count(*),
       avg(value), min(value), max(value), avg(value_2), min(value_2), max(value_2)
from health_observation
where patient_id = %s and metric = 'bp' and measured_at >= %s and measured_at < %s
      and hospital_id = %s and state = 'final'
group by 1, 2 order by 1, 2
"""


def open_house(_rounds: int) -> dict[str, Any]:
    """Open a hospital with approved rows and one patient."""
    hospital = open_hospital("基准医院")
    system = SystemActor(hospital.pk)
    with scope(hospital):
        doctor = staff.add_staff(
            hospital, name="医生", role=Staff.Role.DOCTOR, by=system, wecom_userid="bench"
        )
        actions.load_clinical_rows(hospital, by=doctor)
        facts = PatientFacts(
            name="基准", phone="13800000000", inpatient="ZY1", birth_on=date(1960, 1, 1)
        )
        patient = patients.register_patient(hospital.pk, facts, by=system)
    return {"hospital": hospital.pk, "patient": patient.pk}


def measure(rounds: int) -> dict[str, Any]:
    """Measure both sides in turns, so that a slow moment hits both."""
    hospital = Hospital.objects.get()
    with scope(hospital):
        patient = Patient.objects.select_related("hospital").get()
        today = time.today(hospital)
        first_on = today - timedelta(days=DAYS - 1)
        zone = ZoneInfo(hospital.time_zone)
        start = datetime(first_on.year, first_on.month, first_on.day, tzinfo=zone)
        values: list[int | datetime] = [
            patient.pk,
            start,
            start + timedelta(days=DAYS),
            hospital.pk,
        ]

        def ours() -> int:
            return len(queries.list_trend_rows(patient, "bp", first_on=first_on, last_on=today))

        def by_hand() -> int:
            with connection.cursor() as cursor:
                cursor.execute(BY_HAND, values)
                return len(cursor.fetchall())

        rows = ours()
        if rows != by_hand() or not rows:
            raise SystemExit("the two sides do not read the same days")
        times: dict[str, list[float]] = {"ours": [], "by_hand": []}
        for _round in range(rounds):
            times["by_hand"].append(milliseconds(by_hand))
            times["ours"].append(milliseconds(ours))
        panel = [
            milliseconds(lambda: len(panels.load_panel(patient, days=DAYS).rows))
            for _round in range(max(rounds // 20, 5))
        ]
    return {
        "ours_ms": median(times["ours"]),
        "baseline_ms": median(times["by_hand"]),
        "panel_ms": median(panel),
        "rows": rows,
    }


def milliseconds(work: Callable[[], int]) -> float:
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1000


SIDES = {"open": open_house, "measure": measure}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SIDES[sys.argv[1]](int(sys.argv[2]))) + "\n")
