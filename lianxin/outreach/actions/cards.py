"""Cards: one merged card per patient, day and slot; it waits on the page and is announced once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from lianxin.core import events
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.rows import insert_rows, update_rows
from lianxin.outreach.actions.cancelling import cancel_subjects
from lianxin.outreach.actions.receipts import open_delivery
from lianxin.outreach.actions.submitting import Draft, submit_many
from lianxin.outreach.models import Card
from lianxin.outreach.queries.house import House, load_house
from lianxin.outreach.queries.lists import find_by_delivery_key
from lianxin.outreach.rules.cards import announce_key, merge_items, slot_window
from lianxin.patients.models import Holder

REMINDERS = "reminders"
CARD = "card"
Place = tuple[int, date, str]  # patient, day, slot


@dataclass(frozen=True, slots=True)
class CardDraft:
    """Things to do that belong on one card. Item codes are words, never a drug or an illness."""

    patient_id: int
    on: date
    slot: str
    items: tuple[str, ...]
    announce_at: datetime | None = None
    announce_until: datetime | None = None
    priority: str = "medication"

    @property
    def place(self) -> Place:
        return (self.patient_id, self.on, self.slot)


@transaction.atomic
def put_cards(
    hospital_id: int, drafts: Sequence[CardDraft], *, by: Actor, announce: bool = True
) -> list[Card]:
    """Add items to the cards of these places, making those that are missing, hundreds at a time.

    Safe to repeat. Each card asks the gate for one announcement; the card waits either way.
    """
    house = load_house(hospital_id)
    cards = make_missing(house, drafts)
    there = [draft for draft in drafts if draft.place not in cards]
    if there:
        cards |= lock_cards(hospital_id, there)
    before = {card.pk: list(card.items) for card in cards.values()}
    for draft in drafts:
        card = cards[draft.place]
        card.items = merge_items(card.items, draft.items)
    update_rows([card for card in cards.values() if card.items != before[card.pk]], ["items"])
    if announce:
        submit_many(hospital_id, announcements(house, drafts, cards), by=by)
    return list(cards.values())


def make_missing(house: House, drafts: Sequence[CardDraft]) -> dict[Place, Card]:
    """Insert the cards that are not there yet and return those; nobody else sees them yet."""
    rows = {
        draft.place: Card(
            hospital_id=house.hospital_id,
            patient_id=draft.patient_id,
            on=draft.on,
            slot=draft.slot,
            items=list(draft.items),
            expires_at=window(house, draft)[1],
            created_at=house.now,
        )
        for draft in drafts
    }
    insert_rows(list(rows.values()), unique="key", ignore_conflicts=True)
    return {place: row for place, row in rows.items() if not row._state.adding}


def window(house: House, card: CardDraft | Card) -> tuple[datetime, ...]:
    return slot_window(house.settings.card_slots, card.slot, card.on, house.moment.zone)


def lock_cards(hospital_id: int, drafts: Sequence[CardDraft]) -> dict[Place, Card]:
    wanted = {draft.place for draft in drafts}
    rows = (
        Card.objects.filter(
            hospital_id=hospital_id,
            patient_id__any_of={place[0] for place in wanted},
            on__in={place[1] for place in wanted},
            slot__in={place[2] for place in wanted},
        )
        .select_for_update(no_key=True)
        .order_by("pk")
    )
    found = {(row.patient_id, row.on, row.slot): row for row in rows}
    return {place: found[place] for place in wanted}


def announcements(
    house: House, drafts: Sequence[CardDraft], cards: dict[Place, Card]
) -> list[Draft]:
    """Return one announcement per open card: of several drafts the first decides when."""
    by_place: dict[Place, Draft] = {}
    for draft in drafts:
        card = cards[draft.place]
        if card.state != Card.State.WAITING or draft.place in by_place:
            continue
        opens, closes = window(house, draft)
        by_place[draft.place] = Draft(
            unique_key=announce_key(draft.patient_id, draft.on, draft.slot),
            kind=CARD,
            priority=draft.priority,
            patient_id=draft.patient_id,
            purpose=REMINDERS,
            path="/p/",
            subject_kind=CARD,
            subject_id=card.pk,
            window_starts_at=draft.announce_at or opens,
            window_ends_at=draft.announce_until or closes,
        )
    return list(by_place.values())


@transaction.atomic
def open_card(card: Card, *, by: Actor, delivery_key: str = "") -> bool:
    """Note that the patient saw the card, and by which link; False when that was known."""
    house = load_house(card.hospital_id)
    first = Card.objects.filter(pk=card.pk, opened_at=None).update(opened_at=house.now)
    if first:
        record_card("card.opened", card, by=by)
    if delivery_key and isinstance(by, Holder):
        delivery = find_by_delivery_key(by, delivery_key)
        if delivery is not None:
            open_delivery(delivery, by=by)
    return bool(first)


@transaction.atomic
def complete_items(
    patient_id: int,
    hospital_id: int,
    items: Sequence[str],
    *,
    by: Actor,
    at: datetime | None = None,
    place: tuple[date, str] | None = None,
) -> list[Card]:
    """Tick items off the card of this day and slot, else of the moment `at`; may run twice.

    A card with all items done is done, and needs no announcement any more.
    """
    house = load_house(hospital_id)
    rows = list(
        Card.objects.filter(
            hospital_id=hospital_id,
            patient_id=patient_id,
            state__in=Card.OPEN,
            expires_at__gt=house.now,
        )
        .select_for_update(no_key=True)
        .order_by("pk")
    )
    finished: list[Card] = []
    for card in rows:
        is_meant = (card.on, card.slot) == place if place else was_open(house, card, at)
        ticked = [item for item in items if item in card.items and is_meant]
        card.done_items = merge_items(card.done_items, ticked)
        if set(card.done_items) >= set(card.items):
            card.state = Card.State.DONE
            finished.append(card)
            record_card("card.done", card, by=by)
    update_rows(rows, ["done_items", "state"])
    cancel_subjects(hospital_id, CARD, [card.pk for card in finished])
    return finished


def was_open(house: House, card: Card, at: datetime | None) -> bool:
    opens, closes = window(house, card)
    return opens <= (at or house.now) < closes


@transaction.atomic
def expire_cards(hospital_id: int) -> int:
    """Close the cards whose time is over, and with them what would still announce them."""
    now = load_house(hospital_id).now
    rows = Card.objects.filter(hospital_id=hospital_id, state__in=Card.OPEN, expires_at__lte=now)
    ids = list(rows.order_by("expires_at").values_list("pk", flat=True)[:5000])
    Card.objects.filter(pk__in=ids, state__in=Card.OPEN).update(state=Card.State.EXPIRED)
    cancel_subjects(hospital_id, CARD, ids)
    return len(ids)


def record_card(name: str, card: Card, *, by: Actor | None = None) -> None:
    events.record(
        name,
        hospital_id=card.hospital_id,
        subject=CARD,
        subject_id=card.pk,
        by=by or SystemActor(card.hospital_id),
        patient_id=card.patient_id,
        data={"on": card.on.isoformat(), "slot": card.slot},
    )
