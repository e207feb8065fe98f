from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from lianxin.channels.models import Account
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Holder, HolderSession
from lianxin.patients.portal import DOOR_COOKIE
from lianxin.patients.sessions import COOKIE
from lianxin.testing.channels import APP_ID, make_account, make_address
from lianxin.testing.patients import make_holder
from lianxin.testing.processes import Sandbox


@pytest.fixture
def account(sandbox: Sandbox, riverside: Hospital) -> Account:
    return make_account(
        riverside,
        Account.Kind.OFFICIAL_ACCOUNT,
        base_url=sandbox.official_url,
        open_url=sandbox.origin,
    )


@pytest.fixture
def holder(account: Account, sandbox: Sandbox, riverside: Hospital) -> Holder:
    address = make_address(account, sandbox.open_id("wang", APP_ID))
    return make_holder(riverside, address=address)


def go_round(client: Client, sandbox: Sandbox, start: str, *, who: str, extra: str = "") -> str:
    """Follow the provider's redirect as that person's phone; return our address it leads to."""
    head, _, fragment = client.get(start)["Location"].partition("#")
    answer = sandbox.client.get(f"{head}&as={who}{extra}#{fragment}")
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def enter_url(account: Account, to: str = "/p/me/") -> str:
    return f"{reverse('patients:enter', args=[account.key])}?to={to}"


def test_a_known_person_is_let_in_and_led_where_she_wanted(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder, riverside: Hospital
) -> None:
    back = go_round(client, sandbox, enter_url(account), who="wang")

    response = client.get(back)

    assert (response.status_code, response["Location"]) == (302, "/p/me/")
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.get("/p/me/").status_code == 200
    with scope(riverside):
        signed_in = Event.objects.get(name="holder.signed_in")
    assert (signed_in.by_kind, signed_in.by_id) == ("holder", holder.pk)


def test_a_forwarded_link_opens_public_content_only(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    to_private = go_round(client, sandbox, enter_url(account), who="stranger")
    refused = client.get(to_private)
    to_public = go_round(client, sandbox, enter_url(account, "/p/read/guide/"), who="stranger")
    allowed = client.get(to_public)

    assert refused.status_code == 403
    assert "只给医院认识的人看" in refused.content.decode()
    assert (allowed.status_code, allowed["Location"]) == (302, "/p/read/guide/")
    assert not client.cookies[COOKIE].value
    assert client.get("/p/me/").status_code == 401


def test_a_snapshot_identity_is_never_bound(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    back = go_round(client, sandbox, enter_url(account), who="wang", extra="&snapshot=1")

    response = client.get(back)

    assert response.status_code == 403
    assert "完整服务" in response.content.decode()
    assert COOKIE not in response.cookies


def test_somebody_elses_sign_in_link_opens_nothing(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    """The code is bound to the browser that asked: a mailed link does not sign the victim in."""
    back = go_round(Client(), sandbox, enter_url(account), who="wang")

    assert client.get(back).status_code == 403
    client.get(enter_url(account))
    assert client.get(back).status_code == 403


def test_a_link_works_once(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    back = go_round(client, sandbox, enter_url(account), who="wang")
    client.get(back)

    assert client.get(back).status_code == 403


def test_an_unknown_account_and_a_bad_target_lead_nowhere(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    assert client.get(reverse("patients:enter", args=["nobody"])).status_code == 404
    back = go_round(client, sandbox, enter_url(account, "https://evil.example/"), who="wang")

    assert client.get(back)["Location"] == "/p/"


def test_a_silent_provider_says_try_later(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    back = go_round(client, sandbox, enter_url(account), who="wang")
    sandbox.add_fault("api_busy", path="/sns/oauth2/access_token", count=None)

    response = client.get(back)

    assert response.status_code == 503
    assert "暂时不通" in response.content.decode()


def test_a_phone_that_leaves_is_forgotten(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    client.get(go_round(client, sandbox, enter_url(account), who="wang"))
    assert client.cookies[DOOR_COOKIE].value == account.key

    left = client.post(reverse("patients:leave"))

    assert left.status_code == 200
    assert client.get("/p/me/").status_code == 401


def test_a_phone_whose_session_ended_finds_back_in_without_a_form(
    client: Client, sandbox: Sandbox, account: Account, holder: Holder
) -> None:
    client.get(go_round(client, sandbox, enter_url(account), who="wang"))
    HolderSession.objects.all().delete()

    again = client.get("/p/me/looks/?from=card")

    assert again["Location"] == enter_url(account, "%2Fp%2Fme%2Flooks%2F%3Ffrom%3Dcard")
    back = go_round(client, sandbox, again["Location"], who="wang")
    assert client.get(back)["Location"] == "/p/me/looks/?from=card"
