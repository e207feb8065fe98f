"""What became of messages we sent: the states follow the deliveries, never ahead of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from lianxin.conversations import queries
from lianxin.conversations.actions.standing import (
    lock_thread,
    publish,
    save_standing,
    take_answer_back,
)
from lianxin.conversations.models import Message
from lianxin.conversations.rules.delivery import ENDINGS, Outcome, Try, may_follow, summarise
from lianxin.outreach.models import Intent


@transaction.atomic
def settle_intents(hospital_id: int, intent_ids: Iterable[int]) -> None:
    """Bring messages up to what their deliveries say. May run twice and in any order."""
    for message in queries.list_by_intents(hospital_id, intent_ids):
        if message.intent is not None:
            settle_message(message, outcome_of(message.intent))


def outcome_of(intent: Intent) -> Outcome:
    tries = [
        Try(row.state, row.carrier, row.reason_code, row.reason_facts, row.provider_message_id)
        for row in intent.deliveries.order_by("-id")
    ]
    return summarise(tries, is_finished=intent.is_finished, reason_code=intent.reason_code)


def settle_message(message: Message, outcome: Outcome) -> None:
    """Change the state if the report is news; a lost answer starts the clock again."""
    if not may_follow(message.delivery_state, outcome.state):
        return
    changed = Message.objects.filter(pk=message.pk, delivery_state=message.delivery_state).update(
        delivery_state=outcome.state,
        carrier=outcome.carrier or message.carrier,
        reason_code=outcome.reason_code,
        reason_facts=dict(outcome.facts),
        provider_message_id=outcome.provider_message_id[:120],
    )
    if not changed:
        return
    thread = lock_thread(message.thread)
    if outcome.state in ENDINGS and message.sender_kind == Message.Sender.STAFF:
        take_answer_back(thread, message)
        save_standing(thread)
    else:
        publish(thread)


@transaction.atomic
def note_shown(hospital_id: int, messages: Iterable[Message]) -> None:
    """Note that the open page has shown what waited there: the page is its own receipt."""
    waiting = [
        message
        for message in messages
        if message.delivery_state == Message.State.SENT and message.carrier == "webchat"
    ]
    shown = Message.objects.filter(
        hospital_id=hospital_id,
        pk__in=[message.pk for message in waiting],
        delivery_state=Message.State.SENT,
    )
    if waiting and shown.update(delivery_state=Message.State.DELIVERED):
        thread = lock_thread(waiting[0].thread)
        publish(thread)
