"""The house of the `pages` benchmark: one nurse, signed in, with a busy morning before her."""

from __future__ import annotations

import json
import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from lianxin.channels.models import Account  # noqa: E402 - Django first
from lianxin.core import time  # noqa: E402
from lianxin.core.actor import SystemActor  # noqa: E402
from lianxin.core.scope import scope  # noqa: E402
from lianxin.journeys.actions import enrol_patient  # noqa: E402
from lianxin.patients.models import Patient  # noqa: E402
from lianxin.staff.models import Staff  # noqa: E402
from lianxin.testing.channels import make_account  # noqa: E402
from lianxin.testing.compliance import grant  # noqa: E402
from lianxin.testing.conversations import make_talking_address, receive  # noqa: E402
from lianxin.testing.core import make_hospital  # noqa: E402
from lianxin.testing.guarded import sign_in  # noqa: E402
from lianxin.testing.health import (  # noqa: E402
    approve_rows,
    make_measuring_patient,
    make_medicine,
    make_reading,
    make_week,
)
from lianxin.testing.journeys import make_discharge_journey  # noqa: E402
from lianxin.testing.patients import make_holder, make_holding  # noqa: E402
from lianxin.testing.staff import make_staff, make_team  # noqa: E402
from lianxin.testing.tasks import make_task  # noqa: E402

# What a nurse's busy morning shows at once.
PEOPLE = 20
NAME = "基准医院"


def open_house() -> dict[str, Any]:
    """Open a hospital whose nurse has alerts, questions, tasks and discharges of real people."""
    hospital = make_hospital(NAME)
    doctor = make_staff(hospital, role=Staff.Role.DOCTOR)
    nurse = make_staff(hospital, role=Staff.Role.NURSE, name="基准护士")
    team = make_team(hospital, doctor, nurse)
    approve_rows(hospital, doctor)
    patients = []
    account = make_account(hospital, Account.Kind.WECOM_KF)
    for place in range(PEOPLE):
        patient, _holder = make_measuring_patient(
            hospital, team=team, discharged_on=time.today(hospital)
        )
        patients.append(patient)
        make_reading(patient, 185, 112)
        make_task(hospital, patient=patient, team_id=team.pk)
        address = make_talking_address(hospital, account=account)
        make_holding(patient, make_holder(hospital, address=address), relation="carer")
        receive(address, "胸口压得慌" if place == 0 else "请问什么时候复诊？")
        if place == 0:
            care_for(patient)
    return {
        "hospital": hospital.pk,
        "team": team.pk,
        "patient": patients[0].key,
        "session": sign_in(nurse).cookies["sessionid"].value,
    }


def care_for(patient: Patient) -> None:
    """Give a patient what the page of somebody in our care shows."""
    make_week(patient)
    make_medicine(patient)
    grant(patient, "reminders")
    with scope(patient.hospital_id):
        journey = make_discharge_journey(patient.hospital)
        enrol_patient(journey, patient, by=SystemActor(patient.hospital_id))


if __name__ == "__main__":
    print(json.dumps(open_house()))
