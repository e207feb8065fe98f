"""Real processes and committed databases for the tests that need them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django.plugin import DjangoDbBlocker

from lianxin.channels.models import Account
from lianxin.channels.tests.conftest import set_up
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account, open_windows
from lianxin.testing.database import own_clone
from lianxin.testing.processes import Sandbox, sandbox_process
from lianxin.testing.staff import make_staff

# Friday noon in Shanghai: no quiet hours, both slots of the day reachable.
NOON = "2026-11-20T04:00:00+00:00"


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give a test a database where commits are commits, so that other connections see them."""
    with django_db_blocker.unblock(), own_clone():
        yield


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """Give the providers with one corp, customer service and one Official Account."""
    sandbox_server.post("/control/reset", {"all": True})
    set_up(sandbox_server)
    return sandbox_server


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url, open_url=sandbox.origin)


@pytest.fixture
def doctor(in_riverside: Hospital) -> Staff:
    doctor = make_staff(in_riverside, role=Staff.Role.DOCTOR, name="李建国")
    doctor.wecom_userid = "DrLi"
    doctor.save(update_fields=["wecom_userid"])
    return doctor


@pytest.fixture
def daytime(in_riverside: Hospital) -> str:
    """Open the staff's slots and cards all day, so that real time decides nothing."""
    all_day = {"all": {"opens": "00:00", "closes": "23:59:59"}}
    in_riverside.settings["outreach"] = {
        "staff.slots": all_day,
        "staff.collect_seconds": 0,
        "quiet.spans": [],
    }
    in_riverside.save(update_fields=["settings"])
    return "all"
