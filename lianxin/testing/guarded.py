"""Four of the five questions that every endpoint answers, asked from one line.

Wrong role 403 with a line in the access log; other hospital 404; bad input 422; wrong method 405.
The fifth, that it works, is each test's own.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Holder
from lianxin.staff.models import Staff
from lianxin.staff.rules import PERMISSIONS, ROLES
from lianxin.testing.core import make_hospital
from lianxin.testing.patients import make_holder, sign_in_phone
from lianxin.testing.staff import make_staff

METHODS = ("GET", "POST")


def sign_in(staff: Staff) -> Client:
    client = Client()
    if staff.sign_in is None:
        raise AssertionError("this member of staff cannot sign in")
    client.force_login(staff.sign_in, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ask(client: Client, url: str, method: str, data: dict[str, Any] | None = None) -> HttpResponse:
    call = client.get if method == "GET" else client.post
    return call(url, data or {})  # type: ignore[return-value]


def assert_guarded(
    url: str,
    method: str,
    *,
    hospital: Hospital,
    permission: str,
    bad: dict[str, Any] | None = None,
    has_object: bool = True,
    methods: tuple[str, ...] = (),
) -> None:
    """Ask the four questions of a console endpoint.

    `has_object` is false for pages without an object in the address, which other hospitals have
    too. `methods` are all methods it answers, when it answers more than `method`.
    """
    allowed = PERMISSIONS[permission]
    assert_refuses_wrong_roles(url, method, hospital, allowed)
    stranger = make_staff(make_hospital(), role=allowed[0])
    if has_object:
        assert_status(ask(sign_in(stranger), url, method), 404, "another hospital")
    client = sign_in(make_staff(hospital, role=allowed[0]))
    if bad is not None:
        assert_status(ask(client, url, "POST", bad), 422, "bad input")
    assert_refuses_other_methods(client, url, methods or (method,))
    assert_status(ask(Client(), url, method), 302, "nobody signed in")


def assert_refuses_wrong_roles(
    url: str, method: str, hospital: Hospital, allowed: tuple[str, ...]
) -> None:
    denied = [role for role in ROLES if role not in allowed]
    if not denied:
        return
    person = make_staff(hospital, role=denied[0])
    assert_status(ask(sign_in(person), url, method), 403, f"role {denied[0]}")
    with scope(hospital):
        refused = AccessEntry.objects.filter(by_kind="staff", by_id=person.pk, outcome="refused")
        if refused.count() != 1:
            raise AssertionError(f"{method} {url}: the refusal is not in the access log")


def assert_refuses_other_methods(client: Client, url: str, methods: tuple[str, ...]) -> None:
    for method in METHODS:
        if method not in methods:
            assert_status(ask(client, url, method), 405, f"method {method}")
    assert_status(client.delete(url), 405, "method DELETE")  # type: ignore[arg-type]


def assert_portal_guarded(
    url: str,
    method: str,
    *,
    holder: Holder,
    bad: dict[str, Any] | None = None,
    has_object: bool = False,
    methods: tuple[str, ...] = (),
) -> None:
    """Ask them of a patient page: a stranger's phone, another hospital's, bad input, method."""
    assert_status(ask(Client(), url, method), 401, "an unknown phone")
    if has_object:
        other = make_holder(make_hospital())
        assert_status(ask(sign_in_phone(Client(), other), url, method), 404, "another phone")
    client = sign_in_phone(Client(), holder)
    if bad is not None:
        assert_status(ask(client, url, "POST", bad), 422, "bad input")
    assert_refuses_other_methods(client, url, methods or (method,))


def assert_status(response: HttpResponse, status: int, who: str) -> None:
    if response.status_code != status:
        raise AssertionError(f"{who}: expected {status}, got {response.status_code}")
