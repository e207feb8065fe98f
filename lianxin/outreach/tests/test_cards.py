from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from lianxin.channels.adapters.base import Sent
from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import NotFoundError
from lianxin.core.models import Event, Hospital
from lianxin.outreach import actions, jobs, queries
from lianxin.outreach.actions import CardDraft, Receipt
from lianxin.outreach.models import Card, Delivery, Intent
from lianxin.testing.budget import query_budget
from lianxin.testing.outreach import Reachable, make_delivery, make_reachable

pytestmark = pytest.mark.usefixtures("noon")
TODAY = date(2026, 11, 20)
OA = Account.Kind.OFFICIAL_ACCOUNT


def put(reachable: Reachable, *items: str, slot: str = "morning") -> Card:
    hospital_id = reachable.patient.hospital_id
    draft = CardDraft(reachable.patient.pk, TODAY, slot, items)
    [card] = actions.put_cards(hospital_id, [draft], by=SystemActor(hospital_id))
    return card


def test_readings_and_pills_are_one_card_and_one_announcement(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA)

    put(reachable, "measure_bp")
    card = put(reachable, "pills", "measure_bp")

    assert card.items == ["measure_bp", "pills"]
    assert Card.objects.count() == Intent.objects.count() == 1


def test_a_card_waits_on_the_page_even_if_nothing_may_announce_it(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA, consents=())
    card = put(reachable, "measure_bp")

    actions.claim_deliveries(in_riverside.pk)

    assert Delivery.objects.get().reason_code == "no_consent"
    assert list(queries.list_cards(reachable.patient)) == [card]


def test_an_announced_card_says_so(in_riverside: Hospital) -> None:
    card = put(make_reachable(in_riverside, OA), "measure_bp")
    [claimed] = actions.claim_deliveries(in_riverside.pk)

    sent = Sent(claimed.outbound.client_key, "m1")
    actions.settle_deliveries(in_riverside.pk, [actions.Settled(claimed.delivery_id, sent)])

    card.refresh_from_db()
    assert card.state == Card.State.ANNOUNCED
    assert Event.objects.get(name="card.announced").subject_id == card.pk


def test_a_card_done_early_is_not_announced(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA)
    card = put(reachable, "measure_bp", "pills")
    by = SystemActor(in_riverside.pk)

    assert actions.complete_items(reachable.patient.pk, in_riverside.pk, ["pills"], by=by) == []
    done = actions.complete_items(reachable.patient.pk, in_riverside.pk, ["measure_bp"], by=by)

    assert done == [card]
    assert Intent.objects.get().state == Intent.State.CANCELLED
    assert actions.claim_deliveries(in_riverside.pk) == []


def test_what_was_done_at_another_time_of_day_ticks_no_card(
    in_riverside: Hospital, noon: time_machine.Traveller
) -> None:
    reachable = make_reachable(in_riverside, OA)
    put(reachable, "measure_bp", slot="evening")
    morning, by = time.now(), SystemActor(in_riverside.pk)
    noon.shift(timedelta(hours=7))

    args = (reachable.patient.pk, in_riverside.pk, ["measure_bp"])
    assert actions.complete_items(*args, by=by, at=morning) == []
    assert len(actions.complete_items(*args, by=by)) == 1


def test_the_page_behind_a_link_opens_its_delivery(in_riverside: Hospital) -> None:
    reachable, stranger = make_reachable(in_riverside, OA), make_reachable(in_riverside, OA)
    delivery = make_delivery(reachable)

    assert not actions.note_opening(in_riverside.pk, stranger.holder.pk, delivery.key)
    assert actions.note_opening(in_riverside.pk, reachable.holder.pk, delivery.key)
    assert not actions.note_opening(in_riverside.pk, reachable.holder.pk, delivery.key)
    assert not actions.note_opening(in_riverside.pk, reachable.holder.pk, "")


def test_an_old_card_expires_with_its_announcement(
    in_riverside: Hospital, noon: time_machine.Traveller
) -> None:
    card = put(make_reachable(in_riverside, OA), "measure_bp")
    noon.shift(timedelta(hours=2))

    assert actions.expire_cards(in_riverside.pk) == 1

    card.refresh_from_db()
    assert card.state == Card.State.EXPIRED
    assert Intent.objects.get().state == Intent.State.CANCELLED


def test_opening_counts_once_and_only_on_the_own_phone(in_riverside: Hospital) -> None:
    reachable, stranger = make_reachable(in_riverside, OA), make_reachable(in_riverside, OA)
    card = put(reachable, "measure_bp")
    delivery = make_delivery(reachable)

    assert actions.open_card(card, by=reachable.holder, delivery_key=delivery.key)
    assert not actions.open_card(card, by=reachable.holder, delivery_key=delivery.key)

    assert Event.objects.filter(name="delivery.opened").count() == 1
    assert queries.find_by_delivery_key(stranger.holder, delivery.key) is None
    with pytest.raises(NotFoundError):
        queries.access_card(stranger.holder, card.key)


def test_hundreds_of_cards_cost_the_same_queries_as_one(in_riverside: Hospital) -> None:
    reachable = [make_reachable(in_riverside, OA) for _ in range(6)]
    by = SystemActor(in_riverside.pk)

    def draft(number: int, slot: str) -> CardDraft:
        return CardDraft(reachable[number].patient.pk, TODAY, slot, ("pills",))

    with query_budget(7):
        actions.put_cards(in_riverside.pk, [draft(0, "morning")], by=by)
    with query_budget(7):
        actions.put_cards(in_riverside.pk, [draft(at, "evening") for at in range(6)], by=by)


# ---- receipts -----------------------------------------------------------------------------


def receive(reachable: Reachable, message_id: str, status: str, reason: str = "") -> int:
    receipt = Receipt(message_id, status, reason, reachable.address.pk)
    return actions.note_receipts(reachable.patient.hospital_id, [receipt])


def test_a_receipt_marks_the_delivery_once(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA)
    delivery = make_delivery(reachable, provider_message_id="m1")

    assert receive(reachable, "m1", "delivered") == 1
    assert receive(reachable, "m1", "delivered") == 0

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DELIVERED


def test_a_late_failure_goes_back_to_the_gate(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA)
    delivery = make_delivery(reachable, provider_message_id="m1")
    Intent.objects.update(state="sent")

    receive(reachable, "m1", "failed", "patient_refuses")
    actions.claim_deliveries(in_riverside.pk)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason_code) == ("failed", "patient_refuses")
    assert Intent.objects.get().reason_code == "all_failed"


def test_a_receipt_of_somebody_elses_message_changes_nothing(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA)
    make_delivery(reachable, provider_message_id="m1")

    assert receive(reachable, "m2", "delivered") == 0
    assert receive(make_reachable(in_riverside, OA), "m1", "delivered") == 0
    assert receive(reachable, "", "delivered") == 0


# ---- consent --------------------------------------------------------------------------------


def test_a_withdrawn_consent_stops_only_what_needed_it(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA)
    put(reachable, "measure_bp")
    event = {"name": "consent.withdrawn", "patient_id": reachable.patient.pk}

    jobs.stop_patients(in_riverside.pk, [event | {"data": {"purpose": "marketing"}}])
    assert Intent.objects.get().state == Intent.State.PENDING
    jobs.stop_patients(in_riverside.pk, [event | {"data": {"purpose": "reminders"}}])

    assert Intent.objects.get().state == Intent.State.CANCELLED
    assert Card.objects.get().state == Card.State.WAITING
    assert Event.objects.filter(name="intent.cancelled").count() == 1
