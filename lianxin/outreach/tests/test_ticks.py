"""A subscribe message costs a tick: counted from what came in, spent, given back."""

from __future__ import annotations

import pytest

from lianxin.channels import actions as channels
from lianxin.channels.adapters.base import SendFailed, Sent
from lianxin.channels.models import Account, TickCount
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.outreach import actions
from lianxin.outreach.actions import Receipt, Settled
from lianxin.outreach.models import Delivery, Intent
from lianxin.outreach.queries.reach import reach_of_holder
from lianxin.testing.outreach import Reachable, make_intent, make_reachable, write_to
from lianxin.testing.subscriptions import answer_popup

pytestmark = pytest.mark.usefixtures("noon")

MINI = Account.Kind.MINI_PROGRAM


@pytest.fixture
def opener(in_riverside: Hospital) -> Reachable:
    """Give a patient who opened the mini-program and ticked nothing."""
    return make_reachable(in_riverside, MINI, template_id="M1")


def answer(
    opener: Reachable, status: str = "accept", *, kind: str = "popup", key: str = ""
) -> None:
    answer_popup(opener.address, "M1", status, kind=kind, key=key)


def left(opener: Reachable) -> int:
    return TickCount.objects.get(address=opener.address, template_id="M1").left_count


def claim(hospital: Hospital) -> list[actions.Claimed]:
    return actions.claim_deliveries(hospital.pk)


def settle(hospital: Hospital, claimed: actions.Claimed, result: Sent | SendFailed) -> None:
    actions.settle_deliveries(hospital.pk, [Settled(claimed.delivery_id, result)])


def reasons(intent: Intent) -> set[tuple[str, str, str]]:
    rows = Delivery.objects.filter(intent=intent)
    return set(rows.values_list("carrier", "state", "reason_code"))


def test_an_answer_counts_once_however_often_it_comes(opener: Reachable) -> None:
    answer(opener, key="same")
    answer(opener, key="same")
    answer(opener)
    answer(opener, "reject")

    assert left(opener) == 2


def test_a_card_spends_a_tick_and_leads_to_its_page(
    opener: Reachable, in_riverside: Hospital
) -> None:
    answer(opener)
    make_intent(opener)

    [claimed] = claim(in_riverside)

    assert left(opener) == 0
    outbound = claimed.outbound
    assert (outbound.carrier_kind, outbound.template_id) == ("template", "M1")
    assert "/p/" in outbound.url
    assert set(outbound.data) == {"thing1", "time2", "thing3"}
    settle(in_riverside, claimed, Sent(outbound.client_key, "1"))
    assert left(opener) == 0


def test_without_a_tick_it_is_refused_with_what_can_be_done(
    opener: Reachable, in_riverside: Hospital
) -> None:
    intent = make_intent(opener)

    assert claim(in_riverside) == []

    intent.refresh_from_db()
    assert intent.state == Intent.State.REFUSED
    assert ("mini_subscribe", "refused", "mini_no_tick") in reasons(intent)


def test_what_is_switched_off_is_refused_until_the_next_yes(
    opener: Reachable, in_riverside: Hospital
) -> None:
    answer(opener)
    answer(opener, "reject", kind="change")
    make_intent(opener)
    assert claim(in_riverside) == []

    answer(opener)
    make_intent(opener)

    assert len(claim(in_riverside)) == 1


@pytest.mark.parametrize(
    ("failure", "ticks"),
    [
        (SendFailed("template_invalid", permanent=True), 2),
        (SendFailed("provider_unreachable", permanent=False), 2),
        # The provider knows better than we do.
        (SendFailed("no_tick_left", permanent=True), 0),
        # It may have arrived.
        (SendFailed("outcome_unknown", permanent=True), 1),
    ],
)
def test_a_tick_comes_back_when_the_provider_did_not_take_it(
    opener: Reachable, in_riverside: Hospital, failure: SendFailed, ticks: int
) -> None:
    answer(opener)
    answer(opener)
    make_intent(opener)
    [claimed] = claim(in_riverside)
    assert left(opener) == 1

    settle(in_riverside, claimed, failure)
    settle(in_riverside, claimed, failure)

    assert left(opener) == ticks


@pytest.mark.parametrize(
    ("receipt", "ticks"),
    [
        (Receipt("77", "failed", "provider_refused"), 1),
        (Receipt("77", "failed", "no_tick_left"), 0),
        (Receipt("77", "delivered"), 0),
    ],
)
def test_a_tick_comes_back_when_the_report_says_that_it_did_not_arrive(
    opener: Reachable, in_riverside: Hospital, receipt: Receipt, ticks: int
) -> None:
    answer(opener)
    make_intent(opener)
    [claimed] = claim(in_riverside)
    settle(in_riverside, claimed, Sent(claimed.outbound.client_key, "77"))
    assert left(opener) == 0

    for _time in range(2):
        actions.note_receipts(in_riverside.pk, [receipt])

    assert left(opener) == ticks


def test_two_patients_on_one_phone_share_the_last_tick(
    opener: Reachable, in_riverside: Hospital
) -> None:
    other = make_reachable(
        in_riverside, account=opener.account, external_id=opener.address.external_id
    )
    answer(opener)
    first, second = make_intent(opener), make_intent(other)

    claimed = claim(in_riverside)

    assert len(claimed) == 1
    assert left(opener) == 0
    claim(in_riverside)
    states = {
        state
        for intent in (first, second)
        for carrier, state, _reason in reasons(intent)
        if carrier == "mini_subscribe"
    }
    assert states == {"claimed", "failed"}
    for intent in (first, second):
        intent.refresh_from_db()
    assert {first.state, second.state} == {Intent.State.SENDING, Intent.State.REFUSED}


def test_the_lines_say_how_many_are_left(opener: Reachable, in_riverside: Hospital) -> None:
    answer(opener)
    answer(opener)

    lines = reach_of_holder(in_riverside.pk, opener.holder.pk, opener.patient.pk)

    notes = {line.label: line.note for line in lines}
    assert notes["小程序订阅消息"] == "还可发 2 条"
    assert notes["小程序客服"] == "窗口未开"


def test_a_message_opens_the_conversation(opener: Reachable, in_riverside: Hospital) -> None:
    write_to(opener)
    make_intent(opener, "reply")

    [claimed] = claim(in_riverside)

    assert claimed.outbound.carrier_kind == "text"
    assert claimed.outbound.text == "请今天来复诊。"


def test_forgetting_an_address_forgets_its_ticks(opener: Reachable, in_riverside: Hospital) -> None:
    answer(opener)

    by = SystemActor(in_riverside.pk)
    channels.forget_addresses(in_riverside.pk, [opener.address.pk], by=by)

    assert not TickCount.objects.filter(address=opener.address).exists()
