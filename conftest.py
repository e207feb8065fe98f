"""Database and cast. Lin (nurse) and Dr Zhou work at Riverside; Mallory at another hospital."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from lianxin.core.embedded import DatabaseUrls
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import SignIn, Staff
from lianxin.testing.core import make_hospital
from lianxin.testing.database import clone_for_this_process, own_clone
from lianxin.testing.staff import make_staff

# How long an example takes says nothing on a shared machine; speed is the benchmarks' matter.
settings.register_profile(
    "searching",
    max_examples=2000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# A change is judged by what it changes, not by the luck of a run; `make search` is for the luck.
settings.register_profile(
    "house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this process a clone of the template, reached as the application role."""
    with django_db_blocker.unblock(), clone_for_this_process():
        yield


@pytest.fixture
def own_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[DatabaseUrls]:
    """Give one test a database of its own, where commits are real and threads may connect.

    Do not mix with `db`: make hospitals by make_hospital. Yields the two roles' URLs.
    """
    with django_db_blocker.unblock(), own_clone() as urls:
        yield urls


@pytest.fixture
def riverside(db: None) -> Hospital:
    return make_hospital("河畔医院")


@pytest.fixture
def elsewhere(db: None) -> Hospital:
    return make_hospital("别处医院")


@pytest.fixture
def in_riverside(riverside: Hospital) -> Iterator[Hospital]:
    """Run the whole test inside Riverside's scope, as a view or an action would be."""
    with scope(riverside):
        yield riverside


@pytest.fixture
def lin(riverside: Hospital) -> Staff:
    return make_staff(riverside, role=Staff.Role.NURSE, name="林护士")


@pytest.fixture
def zhou(riverside: Hospital) -> Staff:
    return make_staff(riverside, role=Staff.Role.DOCTOR, name="周医生")


@pytest.fixture
def admin(riverside: Hospital) -> Staff:
    return make_staff(riverside, role=Staff.Role.ADMIN, name="管理员")


@pytest.fixture
def mallory(elsewhere: Hospital) -> Staff:
    return make_staff(elsewhere, role=Staff.Role.NURSE, name="别院护士")


def require(found: SignIn | None) -> SignIn:
    if found is None:
        raise AssertionError("this member of staff cannot sign in")
    return found


def sign_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(require(staff.sign_in), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def as_lin(lin: Staff) -> Client:
    return sign_in(lin)


@pytest.fixture
def as_zhou(zhou: Staff) -> Client:
    return sign_in(zhou)


@pytest.fixture
def as_admin(admin: Staff) -> Client:
    return sign_in(admin)


@pytest.fixture
def as_mallory(mallory: Staff) -> Client:
    return sign_in(mallory)
