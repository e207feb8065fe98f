"""Riverside on a Tuesday morning, with approved clinical rows and a patient who measures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from lianxin.core.models import Hospital
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import CareTeam, Staff
from lianxin.testing.health import approve_rows, make_measuring_patient
from lianxin.testing.patients import sign_in_phone
from lianxin.testing.staff import make_team

# 08:12 in Shanghai.
MORNING = datetime(2026, 11, 24, 0, 12, tzinfo=UTC)


# Before every sign-in, so that no session is older than the travelled clock allows.
@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ward(riverside: Hospital, zhou: Staff) -> Hospital:
    """Riverside after Dr Zhou has approved the clinical rows."""
    approve_rows(riverside, zhou)
    return riverside


@pytest.fixture
def team(ward: Hospital, lin: Staff, zhou: Staff) -> CareTeam:
    return make_team(ward, zhou, lin)


@pytest.fixture
def measuring(team: CareTeam, clock: time_machine.Traveller) -> tuple[Patient, Holder]:
    hospital = Hospital.objects.get(pk=team.hospital_id)
    return make_measuring_patient(hospital, name="张桂兰", team=team, diagnosis="高血压 2 级")


@pytest.fixture
def chen(measuring: tuple[Patient, Holder]) -> Patient:
    return measuring[0]


@pytest.fixture
def as_phone(measuring: tuple[Patient, Holder]) -> Client:
    client: Client = sign_in_phone(Client(), measuring[1])
    return client
