"""The sandbox as provider, over a database whose writes other connections see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from lianxin.channels.tests.conftest import set_up
from lianxin.core.models import Hospital
from lianxin.testing.channels import open_windows
from lianxin.testing.core import make_hospital
from lianxin.testing.database import own_clone
from lianxin.testing.processes import Sandbox, sandbox_process


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), own_clone():
        yield


@pytest.fixture
def house(committed: None) -> Hospital:
    """Give a test its own hospital in the module's database, with no call held back."""
    open_windows()
    hospital = make_hospital()
    # The sandbox's clock is the real one, and at night nobody is asked anything.
    hospital.settings = {"outreach": {"quiet.spans": []}}
    hospital.save(update_fields=["settings"])
    return hospital


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    sandbox_server.post("/control/reset", {"all": True})
    set_up(sandbox_server)
    return sandbox_server
