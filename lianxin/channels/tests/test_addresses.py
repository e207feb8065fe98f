from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from lianxin.channels import actions, providers, queries, sending
from lianxin.channels.adapters.base import AccountFacts, Outbound, SendFailed, Sent
from lianxin.channels.adapters.provider_http import Token
from lianxin.channels.models import AccessToken, Account, Address, Arrival
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import ForbiddenError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account, make_address, make_message
from lianxin.testing.core import make_hospital
from lianxin.testing.processes import Sandbox


@pytest.fixture
def webchat(riverside: Hospital) -> Account:
    return make_account(riverside, Account.Kind.WEBCHAT)


def test_web_chat_needs_no_provider(webchat: Account, in_riverside: Hospital) -> None:
    address = actions.open_webchat(in_riverside.pk, "holder-1")
    same = actions.open_webchat(in_riverside.pk, "holder-1")
    first = actions.receive_webchat_message(
        in_riverside.pk, external_id="holder-1", text="在吗", client_key="c1"
    )
    again = actions.receive_webchat_message(
        in_riverside.pk, external_id="holder-1", text="在吗", client_key="c1"
    )
    sent = sending.send(
        in_riverside.pk, webchat.pk, [Outbound("k1", "text", address="holder-1", text="在的")]
    )

    assert (same, again) == (address, first)
    assert isinstance(sent[0], Sent)
    names = Event.objects.order_by("at", "id").values_list("name", flat=True)
    assert list(names)[-2:] == ["contact.added", "message.arrived"]


def test_a_forgotten_address_tells_nothing_and_may_come_back(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)
    address = make_address(account, "wmPerson", staff_userid="s1")
    message = make_message(address, "我叫王芳")

    actions.forget_addresses(in_riverside.pk, [address.pk], by=SystemActor(in_riverside.pk))

    (inbound,) = queries.open_arrivals(in_riverside.pk, [message.pk])
    address.refresh_from_db()
    assert (inbound.text, inbound.raw) == ("", {})
    assert address.external_id == f"erased:{address.key}"
    assert make_address(account, "wmPerson", staff_userid="s1").pk != address.pk


def test_an_arrival_of_another_hospital_stays_closed(
    in_riverside: Hospital, elsewhere: Hospital
) -> None:
    theirs = make_message(make_address(make_account(elsewhere)))

    assert queries.open_arrivals(in_riverside.pk, [theirs.pk]) == []
    assert not Arrival.objects.filter(pk=theirs.pk).exists()


def test_reach_counts_members_who_confirmed_only(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)
    address = make_address(account, staff_userid="s1")

    reach = queries.reach_of(in_riverside.pk, [address.pk])[address.pk]

    assert (reach.staff_userids, reach.is_active, reach.last_inbound_at) == (("s1",), True, None)


def test_a_nurse_opens_no_account(lin: Staff, in_riverside: Hospital) -> None:
    with pytest.raises(ForbiddenError):
        actions.open_account(
            in_riverside.pk, "webchat", "x", config={}, secrets={}, base_url="", by=lin
        )


def test_an_account_that_is_off_sends_nothing(webchat: Account, in_riverside: Hospital) -> None:
    Account.objects.update(is_active=False)

    (result,) = sending.send(in_riverside.pk, webchat.pk, [Outbound("k1", "text", address="a")])

    assert isinstance(result, SendFailed)
    assert (result.reason_code, result.client_key) == ("account_inactive", "k1")


# ---- the token that processes share -------------------------------------------------------


def test_a_lease_is_given_to_one_and_runs_out(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)

    assert actions.claim_refresh(in_riverside.pk, account.pk)
    assert actions.claim_refresh(in_riverside.pk, account.pk) is None
    AccessToken.objects.update(refreshing_until=time.now() - timedelta(seconds=1))
    assert actions.claim_refresh(in_riverside.pk, account.pk)


def test_who_looked_before_the_token_came_gets_no_lease(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)
    assert actions.claim_refresh(in_riverside.pk, account.pk)
    actions.settle_token(in_riverside.pk, account.pk, "new", time.now() + timedelta(hours=1))

    assert actions.claim_refresh(in_riverside.pk, account.pk) is None

    AccessToken.objects.update(expires_at=time.now())
    assert actions.claim_refresh(in_riverside.pk, account.pk)


def test_two_stores_refresh_once(committed_database: str) -> None:
    hospital = make_hospital()
    account = make_account(hospital)
    with scope(hospital):
        facts = queries.facts_of(account)
    fetched: list[str] = []

    async def fetch() -> Token:
        fetched.append("once")
        await asyncio.sleep(0.3)
        return Token("the-token", 7200)

    async def both(one: AccountFacts) -> list[str]:
        stores = [providers.DatabaseTokens() for _ in range(4)]
        return await asyncio.gather(*(store.obtain(one, fetch) for store in stores))

    assert set(asyncio.run(both(facts))) == {"the-token"}
    assert fetched == ["once"]


def test_dropping_an_old_token_keeps_the_new_one(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)
    later = time.now() + timedelta(hours=1)
    actions.settle_token(in_riverside.pk, account.pk, "old", later)
    old = bytes(AccessToken.objects.get(account=account).token_sealed)
    actions.settle_token(in_riverside.pk, account.pk, "new", later)

    actions.drop_token(in_riverside.pk, account.pk, old)

    found = providers.read_token(queries.facts_of(account))
    assert found is not None
    assert found[0] == "new"


# ---- text messages ------------------------------------------------------------------------


@pytest.fixture
def sms(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    sandbox.put(
        "/control/sms/1400000001",
        {
            "secret_id": "AKIDtests",
            "secret_key": "sms-secret",
            "signs": ["河畔医院"],
            "templates": {"100": "验证码 {1}，{2} 分钟内有效"},
        },
    )
    return actions.open_account(
        in_riverside.pk,
        Account.Kind.SMS,
        "短信",
        config={"sdk_app_id": "1400000001", "sign_name": "河畔医院", "template_id": "100"},
        secrets={"secret_id": "AKIDtests", "secret_key": "sms-secret"},
        base_url=sandbox.sms_url,
        by=SystemActor(in_riverside.pk),
    )


def test_a_code_reaches_the_phone_by_text_message(sandbox: Sandbox, sms: Account) -> None:
    outbound = Outbound("sms-1", "sms", address="13800000001", data={"1": "246810", "2": "5"})

    (result,) = sending.send(sms.hospital_id, sms.pk, [outbound])

    assert isinstance(result, Sent)
    assert "246810" in str(sandbox.state()["sms"]["1400000001"]["sent"])


def test_a_wrong_number_of_arguments_is_refused_for_good(sandbox: Sandbox, sms: Account) -> None:
    outbound = Outbound("sms-1", "sms", address="13800000001", data={"1": "246810"})

    (result,) = sending.send(sms.hospital_id, sms.pk, [outbound])

    assert isinstance(result, SendFailed)
    assert (result.reason_code, result.permanent) == ("template_invalid", True)


def test_addresses_are_one_per_account(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)

    make_address(account, "wm1", staff_userid="s1")
    make_address(account, "wm1", staff_userid="s2")

    assert Address.objects.count() == 1
