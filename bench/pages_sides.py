"""The two sides of the `pages` benchmark, in a process with Django: `open` and `measure`."""

from __future__ import annotations

import json
import os
import sys
from statistics import quantiles
from time import perf_counter
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django first
from django.test import Client  # noqa: E402

from lianxin.core import time  # noqa: E402
from lianxin.core.models import Hospital  # noqa: E402
from lianxin.core.scope import scope  # noqa: E402
from lianxin.patients.models import Patient  # noqa: E402
from lianxin.staff.models import Staff  # noqa: E402
from lianxin.testing.conversations import make_talking_address, receive  # noqa: E402
from lianxin.testing.core import make_hospital  # noqa: E402
from lianxin.testing.health import (  # noqa: E402
    approve_rows,
    make_measuring_patient,
    make_reading,
    make_week,
)
from lianxin.testing.patients import make_holder, make_holding  # noqa: E402
from lianxin.testing.staff import make_staff, make_team  # noqa: E402
from lianxin.testing.tasks import make_task  # noqa: E402

# What a nurse's busy morning shows at once.
PEOPLE = 20
NAME = "基准医院"


def open_house(_count: int) -> dict[str, Any]:
    """Open a hospital whose nurse has alerts, questions, tasks and discharges of real people."""
    hospital = make_hospital(NAME)
    doctor = make_staff(hospital, role=Staff.Role.DOCTOR)
    nurse = make_staff(hospital, role=Staff.Role.NURSE, name="基准护士")
    team = make_team(hospital, doctor, nurse)
    approve_rows(hospital, doctor)
    for place in range(PEOPLE):
        patient, _holder = make_measuring_patient(
            hospital, team=team, discharged_on=time.today(hospital)
        )
        make_reading(patient, 185, 112)
        make_task(hospital, patient=patient, team_id=team.pk)
        address = make_talking_address(hospital)
        make_holding(patient, make_holder(hospital, address=address), relation="carer")
        receive(address, "胸口压得慌" if place == 0 else "请问什么时候复诊？")
        if place == 0:
            make_week(patient)
    return {"hospital": hospital.pk, "team": team.pk}


def measure(rounds: int) -> dict[str, float]:
    """Ask every page in turns, so that a slow moment of the machine meets all of them."""
    settings.ALLOWED_HOSTS = ["*"]
    hospital = Hospital.objects.get(name=NAME)
    with scope(hospital):
        nurse = Staff.objects.select_related("sign_in").get(name="基准护士")
        key = Patient.objects.filter(pk__lt=1_000_000).order_by("pk").values_list("key").first()
    client = Client()
    assert nurse.sign_in is not None
    assert key is not None
    client.force_login(nurse.sign_in, backend="django.contrib.auth.backends.ModelBackend")
    pages = {
        "empty": ("/patients/nobody/", 404),
        "today": ("/", 200),
        "inbox": ("/inbox/?tab=all", 200),
        "patient": (f"/patients/{key[0]}/", 200),
    }
    times: dict[str, list[float]] = {name: [] for name in pages}
    for round_number in range(rounds + 5):
        for name, (url, status) in pages.items():
            started = perf_counter()
            answer = client.get(url)
            spent = 1000 * (perf_counter() - started)
            if answer.status_code != status:
                raise RuntimeError(f"{url} answered {answer.status_code}")
            if round_number >= 5:
                times[name].append(spent)
    return {name: quantiles(spans, n=20)[-1] for name, spans in times.items()}


if __name__ == "__main__":
    what = {"open": open_house, "measure": measure}[sys.argv[1]]
    print(json.dumps(what(int(sys.argv[2]))))
