"""Who opened a page, as the provider tells it: over real HTTP, by a code that works once."""

from __future__ import annotations

import pytest

from lianxin.channels import oauth, synchronising
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.models import Account, Address
from lianxin.core.models import Hospital
from lianxin.testing.channels import APP_ID, CORP_ID, make_account, open_windows
from lianxin.testing.processes import Sandbox


@pytest.fixture(autouse=True)
def fresh(in_riverside: Hospital) -> None:
    open_windows()


def code_of(sandbox: Sandbox, account: Account, extra: str = "") -> str:
    """Follow the sign-in address as a phone does, and return the code it comes back with."""
    url = oauth.authorize_url(account, "http://product/back", "st")
    head, _, fragment = url.partition("#")
    response = sandbox.client.get(f"{head}&as=wang{extra}#{fragment}")
    assert response.is_redirect
    return response.headers["location"].split("code=")[1].split("&")[0]


def test_wecom_knows_its_contact_and_a_code_works_once(
    sandbox: Sandbox, in_riverside: Hospital
) -> None:
    wecom = make_account(in_riverside, base_url=sandbox.wecom_url, open_url=sandbox.origin)
    seeded = {"corp_id": CORP_ID, "userid": "DrLi", "person": "wang"}
    sandbox.post("/control/seed", {"relations": [seeded]})
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    code = code_of(sandbox, wecom)

    known = oauth.identify(wecom, code)

    assert known is not None
    assert known.external_id == Address.objects.get(account=wecom).external_id
    assert oauth.identify(wecom, code) is None


def test_the_official_account_knows_its_follower_and_marks_a_snapshot(
    sandbox: Sandbox, in_riverside: Hospital
) -> None:
    official = make_account(
        in_riverside,
        Account.Kind.OFFICIAL_ACCOUNT,
        base_url=sandbox.official_url,
        open_url=sandbox.origin,
    )
    sandbox.person_does("wang", "oa-subscribe", app_id=APP_ID)

    known = oauth.identify(official, code_of(sandbox, official))
    snapshot = oauth.identify(official, code_of(sandbox, official, "&snapshot=1"))

    assert known is not None
    assert known.open_id == sandbox.open_id("wang", APP_ID)
    assert snapshot is not None
    assert snapshot.is_snapshot


def test_a_silent_provider_is_no_answer_about_the_code(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)

    with pytest.raises(ProviderError):
        oauth.identify(account, "code")
