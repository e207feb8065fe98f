"""A press on the Official Account's menu is answered within its minute, and is no question."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from lianxin.channels import actions as channels
from lianxin.channels.models import Account, Address
from lianxin.channels.queries import open_arrivals
from lianxin.channels.rules.menus import answer_key
from lianxin.conversations import actions
from lianxin.conversations.models import Message, Thread
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.outreach.actions import claim_deliveries
from lianxin.outreach.models import Intent
from lianxin.staff.models import Staff
from lianxin.testing.conversations import arrive, make_talking_address
from lianxin.testing.staff import make_staff

TEXT = "急症请马上拨打 120。"


@pytest.fixture
def address(riverside: Hospital) -> Address:
    found = make_talking_address(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    by = make_staff(riverside, role=Staff.Role.OPERATOR)
    with scope(riverside):
        menu = [{"name": "急症", "kind": "answer", "value": TEXT}]
        channels.change_menu(found.account, menu, revision=0, by=by)
    return found


def press(address: Address, key: str) -> list[Message]:
    ids = arrive(address, key, kind="menu")
    with scope(address.hospital_id):
        inbounds = open_arrivals(address.hospital_id, ids)
        actions.receive_arrivals(address.hospital_id, inbounds)
        return actions.receive_arrivals(address.hospital_id, inbounds)


def test_a_press_is_answered_once_and_nobody_has_to_answer_it(
    address: Address, riverside: Hospital
) -> None:
    assert press(address, answer_key(TEXT)) == []

    with scope(riverside):
        [claimed] = claim_deliveries(riverside.pk)
        assert not Thread.objects.exists()
        assert claim_deliveries(riverside.pk) == []
    assert (claimed.outbound.text, claimed.outbound.address) == (TEXT, address.external_id)


def test_a_press_opens_a_minute_and_no_talk(address: Address, riverside: Hospital) -> None:
    press(address, answer_key(TEXT))

    with time_machine.travel(time.now() + timedelta(seconds=61), tick=False), scope(riverside):
        assert claim_deliveries(riverside.pk) == []
        intent = Intent.objects.get()
        address.refresh_from_db()
    assert intent.state == "refused"
    assert address.last_inbound_at is None


def test_the_minute_holds_three_messages(address: Address, riverside: Hospital) -> None:
    for _time in range(2):
        press(address, answer_key(TEXT))
    with scope(riverside):
        assert len(claim_deliveries(riverside.pk)) == 2
        channels.count_sent(riverside.pk, address.account_id, {address.external_id: 3})
        address.refresh_from_db()
    assert (address.sent_since_action_count, address.sent_since_inbound_count) == (3, 0)


def test_a_key_that_is_not_ours_is_shown_as_before(address: Address, riverside: Hospital) -> None:
    press(address, "their-key")

    with scope(riverside):
        assert Message.objects.get().kind == "menu"
