"""Two rows for one person become one: nothing is announced or said to her twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet

from lianxin.core import time
from lianxin.outreach.actions.cancelling import CANCELLED, cancel_intents
from lianxin.outreach.models import Card, Delivery, Intent
from lianxin.outreach.rules.cards import announce_key, merge_items
from lianxin.outreach.rules.repeats import Words, find_repeats
from lianxin.patients.registry import Merging

CARD = "card"
# What went out this long ago may be said again: it is another week's reading.
SAID_LATELY = timedelta(days=1)


def hold_for_merge(merging: Merging) -> None:
    """Lock what is on its way, in the order in which settling and claiming lock it."""
    people = Q(patient_id__in=(merging.kept_id, merging.folded_id))
    claimed = Delivery.objects.filter(people, state=Delivery.State.CLAIMED)
    list(claimed.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    waiting = Intent.objects.unfinished().filter(people)
    list(waiting.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def say_once(merging: Merging) -> None:
    """Let each card be announced once, and each page be sent once."""
    rename_announcements(merging)
    join_cards(merging)
    drop_repeats(merging)


def rename_announcements(merging: Merging) -> None:
    """Name the announcements of cards that moved as the kept patient's: one a slot, as ever."""
    for card in Card.objects.filter(pk__any_of=merging.moved("outreach.Card.patient")):
        old = announce_key(merging.folded_id, card.on, card.slot)
        intents = Intent.objects.filter(hospital_id=merging.hospital_id, unique_key=old)
        ids = list(intents.values_list("pk", flat=True))
        new = announce_key(merging.kept_id, card.on, card.slot)
        merging.change(Intent, ids, unique_key=new)


def join_cards(merging: Merging) -> None:
    """Put what a second card of the same slot asks on the first one, and stop announcing it."""
    cards = Card.objects.filter(hospital_id=merging.hospital_id)
    left = cards.filter(patient_id=merging.folded_id, state__in=Card.OPEN)
    for card in left.order_by("pk"):
        kept = cards.filter(patient_id=merging.kept_id, on=card.on, slot=card.slot).first()
        if kept is not None and kept.state in Card.OPEN:
            merging.change(Card, [kept.pk], items=merge_items(kept.items, card.items))
        merging.change(Card, [card.pk], state=Card.State.CANCELLED)
        about = Q(subject_kind=CARD, subject_id=card.pk)
        silence(merging, list(pending(merging).filter(about).values_list("pk", flat=True)))
        cancel_intents(merging.hospital_id, about & Q(state=Intent.State.WAITING_STAFF), merging.by)


def drop_repeats(merging: Merging) -> None:
    moved = merging.moved("outreach.Intent.patient")
    known = Intent.objects.filter(
        Q(state__in=Intent.UNFINISHED)
        | Q(state=Intent.State.SENT, settled_at__gt=time.now() - SAID_LATELY),
        hospital_id=merging.hospital_id,
        patient_id=merging.kept_id,
    ).exclude(pk__any_of=list(moved))
    waiting = pending(merging).filter(pk__any_of=list(moved)).order_by("due_at", "pk")
    silence(merging, find_repeats(words_of(waiting), words_of(known)))


def pending(merging: Merging) -> QuerySet[Intent]:
    return Intent.objects.of(merging.hospital_id).filter(
        patient_id=merging.kept_id, state=Intent.State.PENDING
    )


def words_of(rows: QuerySet[Intent]) -> list[Words]:
    columns = rows.values_list("pk", "kind", "purpose", "path")
    return [Words(*values) for values in columns]


def silence(merging: Merging, ids: Sequence[int]) -> None:
    """Leave intents unsaid until the merge is undone."""
    merging.change(
        Intent,
        ids,
        state=Intent.State.CANCELLED,
        reason_code=CANCELLED,
        settled_at=time.now(),
    )
