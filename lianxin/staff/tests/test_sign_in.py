from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff import actions, queries
from lianxin.staff.models import Staff
from lianxin.testing.staff import PASSWORD

URL = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


def try_sign_in(client: Client, staff: Staff, password: str) -> int:
    assert staff.sign_in is not None
    form = {"login": staff.sign_in.username, "password": password}
    return client.post(URL, form).status_code


def test_a_nurse_signs_in_and_the_journal_knows(
    client: Client, lin: Staff, riverside: Hospital
) -> None:
    assert try_sign_in(client, lin, PASSWORD) == 302
    assert "_auth_user_id" in client.session
    with scope(riverside):
        assert Event.objects.get(name="staff.signed_in").by_id == lin.pk


def test_five_wrong_passwords_lock_the_name(
    client: Client, lin: Staff, riverside: Hospital
) -> None:
    for _ in range(5):
        try_sign_in(client, lin, "wrong-wrong-wrong")

    try_sign_in(client, lin, PASSWORD)

    assert "_auth_user_id" not in client.session
    with scope(riverside):
        assert Event.objects.filter(name="staff.sign_in_failed").count() == 5


def test_nobody_signs_up_alone(client: Client) -> None:
    form = {"username": "eve", "password1": "a-long-password-1"}
    client.post("/accounts/signup/", form)

    assert "_auth_user_id" not in client.session


def test_a_leaver_is_out_at_the_next_request(
    as_lin: Client, lin: Staff, admin: Staff, riverside: Hospital
) -> None:
    with scope(riverside):
        actions.deactivate_staff(lin, by=admin)
        assert queries.find_staff(riverside.pk, lin.pk) is not None
        assert lin.pk not in {s.pk for s in queries.list_staff(riverside.pk)}

    assert as_lin.get("/components/").status_code in {302, 403}
