"""A scan in the sandbox, over real HTTP, to an address, a welcome and an answer."""

from __future__ import annotations

from typing import Any

import pytest

from lianxin.channels import actions, jobs, queries, sending, synchronising
from lianxin.channels.adapters.base import SendFailed, Sent
from lianxin.channels.models import Account, Address, Arrival, Callback, LiveCode
from lianxin.channels.tests.conftest import set_up
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff


@pytest.fixture
def wecom(house: Hospital, sandbox: Sandbox, edge: str) -> Account:
    account = make_account(house, base_url=sandbox.wecom_url)
    set_up(sandbox, callback_url=f"{edge}/callbacks/wecom/{account.key}/")
    return account


@pytest.fixture
def code(house: Hospital, wecom: Account) -> LiveCode:
    staff = make_staff(house, role=Staff.Role.DOCTOR, name="李医生")
    with scope(house):
        Staff.objects.filter(pk=staff.pk).update(wecom_userid="DrLi")
        staff.refresh_from_db()
        made = actions.create_live_code(wecom, "李医生", staff=staff, by=SystemActor(house.pk))
    synchronising.keep_live_code(made)
    return made


def scan(sandbox: Sandbox, house: Hospital, code: LiveCode) -> Arrival:
    """Let Wang Fang scan, and translate what the edge stored."""
    sandbox.person_does("wang", "scan", code=code.state_key)
    sandbox.post("/control/settle")
    with scope(house):
        ids = list(Callback.objects.values_list("pk", flat=True))
    jobs.translate.func(hospital_id=house.pk, callback_ids=ids)
    with scope(house):
        return Arrival.objects.get(event="contact.added")


def test_the_provider_can_verify_the_address(sandbox: Sandbox, wecom: Account) -> None:
    answer = sandbox.post("/control/verify", {"kind": "wecom", "id": CORP_ID})

    assert answer["ok"] is True


def test_a_scan_is_welcomed_once_in_the_doctors_name(
    sandbox: Sandbox, house: Hospital, code: LiveCode
) -> None:
    arrival = scan(sandbox, house, code)

    with scope(house):
        claim = actions.claim_welcome(house.pk, arrival.pk)
        again = actions.claim_welcome(house.pk, arrival.pk)
    assert claim is not None
    assert again is None
    assert (claim.staff_userid, claim.live_code_id) == ("DrLi", code.pk)
    result = sending.send_welcome(
        house.pk, claim, text="您好,我是李医生的助理。", url="http://127.0.0.1/p/", title="开始"
    )
    with scope(house):
        actions.settle_welcome(house.pk, arrival.pk, result)
        event = Event.objects.get(name="welcome.sent")
        address = Address.objects.get()

    assert isinstance(result, Sent)
    assert event.data["address_id"] == address.pk
    assert 0 <= event.data["delay_ms"] < 20_000
    assert address.live_code_id == code.pk
    assert "李医生的助理" in str(sandbox.state()["persons"]["wang"])


def test_a_duplicated_callback_is_one_arrival(
    sandbox: Sandbox, house: Hospital, code: LiveCode
) -> None:
    sandbox.add_fault("callback_duplicate")

    scan(sandbox, house, code)

    with scope(house):
        assert Callback.objects.count() == 1
        assert Event.objects.filter(name="contact.added").count() == 1


@pytest.mark.parametrize(
    "fault", ["callback_bad_signature", "callback_wrong_receive_id", "callback_truncated"]
)
def test_a_damaged_callback_is_refused_and_the_list_makes_up_for_it(
    sandbox: Sandbox, house: Hospital, wecom: Account, code: LiveCode, fault: str
) -> None:
    sandbox.post("/control/faults", {"kind": fault, "count": None})
    sandbox.person_does("wang", "scan", code=code.state_key)
    sandbox.post("/control/settle")
    with scope(house):
        assert not Callback.objects.exists()

    assert synchronising.sync_now(house.pk, wecom.pk) == (1, 0)


def test_a_welcome_that_is_late_is_missed_and_said_so(
    sandbox: Sandbox, house: Hospital, code: LiveCode
) -> None:
    arrival = scan(sandbox, house, code)
    with scope(house):
        claim = actions.claim_welcome(house.pk, arrival.pk)
    assert claim is not None
    sandbox.post("/control/clock", {"add_seconds": 21})
    result = sending.send_welcome(house.pk, claim, text="您好")
    sandbox.post("/control/clock", {"offset_seconds": 0})
    with scope(house):
        actions.settle_welcome(house.pk, arrival.pk, result)
        event = Event.objects.get(name="welcome.missed")

    assert isinstance(result, SendFailed)
    assert (result.reason_code, event.data["reason"]) == ("welcome_late", "welcome_late")


def test_a_busy_welcome_is_tried_until_it_works(
    sandbox: Sandbox, house: Hospital, code: LiveCode
) -> None:
    arrival = scan(sandbox, house, code)
    sandbox.add_fault("api_busy", path="/cgi-bin/externalcontact/send_welcome_msg", count=4)
    with scope(house):
        claim = actions.claim_welcome(house.pk, arrival.pk)
    assert claim is not None

    assert isinstance(sending.send_welcome(house.pk, claim, text="您好"), Sent)
    # The code works once; whoever tries again learns that it is done.
    assert isinstance(sending.send_welcome(house.pk, claim, text="您好"), Sent)
    texts = [one for one in sandbox.state()["persons"]["wang"]["inbox"] if "您好" in str(one)]
    assert len(texts) == 1


def test_a_customer_service_message_travels_from_the_phone_to_an_arrival(
    sandbox: Sandbox, house: Hospital, wecom: Account
) -> None:
    kf = make_account(house, Account.Kind.WECOM_KF, base_url=sandbox.wecom_url, open_kfid="wkCare")
    sandbox.person_does("wang", "kf-enter", open_kfid="wkCare")
    sandbox.person_does("wang", "kf-write", open_kfid="wkCare", text="伤口有点红")
    sandbox.post("/control/settle")
    with scope(house):
        ids = list(Callback.objects.values_list("pk", flat=True))
    jobs.translate.func(hospital_id=house.pk, callback_ids=ids)
    jobs.sync_messages.func(hospital_id=house.pk, account_id=kf.pk)

    with scope(house):
        arrivals = list(Arrival.objects.filter(event="message.arrived"))
        inbounds = queries.open_arrivals(house.pk, [one.pk for one in arrivals])
    assert [one.text for one in inbounds] == ["伤口有点红"]
    assert inbounds[0].account_kind == "wecom_kf"


def menu_of(text: str = "急症请拨 120。") -> list[dict[str, Any]]:
    below = [{"name": "急症怎么办", "kind": "answer", "value": text}]
    return [
        {"name": "我的连接", "kind": "page", "value": "/p/"},
        {"name": "服务", "kind": "group", "value": "", "sub": below},
    ]


def test_a_menu_is_published_and_a_refusal_is_said(sandbox: Sandbox, house: Hospital) -> None:
    official = make_account(
        house, Account.Kind.OFFICIAL_ACCOUNT, base_url=f"{sandbox.origin}/official"
    )
    by = make_staff(house, role=Staff.Role.OPERATOR)
    with scope(house):
        menu = actions.change_menu(official, menu_of(), revision=0, by=by)
    jobs.keep_menus.for_hospital(house.pk)  # type: ignore[attr-defined]
    jobs.keep_menus.for_hospital(house.pk)  # type: ignore[attr-defined]

    calls = sandbox.state()["counts"]["/cgi-bin/menu/create"]["calls"]
    with scope(house):
        menu.refresh_from_db()
        assert (menu.published_revision, menu.failure_code, calls) == (1, "", 1)
        assert menu.confirmed == menu_of()
        actions.change_menu(official, [], revision=1, by=by)
        with pytest.raises(RefusedError, match="别人刚刚改过"):
            actions.change_menu(official, menu_of(), revision=1, by=by)
    jobs.keep_menus.for_hospital(house.pk)  # type: ignore[attr-defined]
    assert sandbox.state()["counts"]["/cgi-bin/menu/delete"]["calls"] == 1
    sandbox.add_fault("api_rate_limited", path="/cgi-bin/menu/*", count=1)
    with scope(house):
        actions.change_menu(official, menu_of(), revision=2, by=by)
    jobs.keep_menus.for_hospital(house.pk)  # type: ignore[attr-defined]

    with scope(house):
        menu.refresh_from_db()
        assert (menu.published_revision, menu.failure_code) == (2, "day_quota_full")
        assert menu.next_try_at is not None
        assert queries.list_menus_to_publish(house.pk, time.now()) == []
