"""Taking in what patients wrote: once each, wherever it came from and in whatever order."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Account
from lianxin.conversations import catalog, sealing
from lianxin.conversations.actions.emergencies import answer_emergency
from lianxin.conversations.actions.menus import answer_press
from lianxin.conversations.actions.rating import note_words, score_talk
from lianxin.conversations.actions.standing import (
    hold_consult,
    hold_thread,
    note_answer,
    note_question,
    publish,
    save_standing,
    tell,
)
from lianxin.conversations.models import Message, Thread
from lianxin.conversations.queries import find_open_consult
from lianxin.conversations.rules.emergency import CLEAR, Screening, screen
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.patients import actions as patients

FROM_STAFF = "from_staff"
RECALL = "recall"


@transaction.atomic
def receive_arrivals(hospital_id: int, inbounds: Sequence[Inbound]) -> list[Message]:
    """Make messages of arrivals. One that was taken in before changes nothing."""
    hospital = Hospital.objects.get(pk=hospital_id)
    ordered = sorted(inbounds, key=lambda one: (one.occurred_at, one.arrival_id))
    made = [receive_one(hospital, inbound) for inbound in ordered]
    return [message for message in made if message is not None]


def receive_one(hospital: Hospital, inbound: Inbound) -> Message | None:
    if inbound.kind == RECALL:
        return recall_message(hospital, inbound)
    if is_known(inbound) or answer_press(hospital, inbound) or score_talk(hospital, inbound):
        return None
    system = SystemActor(hospital.pk)
    holder = patients.receive_contact(hospital.pk, inbound.address_id, by=system)
    thread = hold_thread(hospital, holder, inbound.occurred_at)
    # Looked at again under the lock: another worker may have stored it meanwhile.
    if is_known(inbound):
        return None
    if thread.state == Thread.State.RESTRICTED:
        thread.state = Thread.State.OPEN
    if inbound.status == FROM_STAFF:
        return take_answer(thread, inbound)
    return take_question(thread, inbound)


def is_known(inbound: Inbound) -> bool:
    return Message.objects.filter(arrival_id=inbound.arrival_id).exists()


def take_question(thread: Thread, inbound: Inbound) -> Message:
    found = screen(inbound.text, catalog.emergency_categories())
    message = make_message(thread, inbound, Message.Sender.PATIENT, found)
    message.consult = hold_consult(thread, message, found)
    message.save(force_insert=True)
    note_question(thread, message, found)
    save_standing(thread)
    note_words(thread, message)
    tell_message(thread, message, "message.received", found)
    if found.is_hit:
        answer_emergency(thread, message, found)
    return message


def take_answer(thread: Thread, inbound: Inbound) -> Message:
    """Store what a colleague answered in the provider's client: it counts as an answer."""
    message = make_message(thread, inbound, Message.Sender.STAFF, CLEAR)
    message.delivery_state = Message.State.SENT
    message.consult = find_open_consult(thread)
    message.save(force_insert=True)
    note_answer(thread, message, None)
    save_standing(thread)
    tell_message(thread, message, "message.answered_elsewhere", CLEAR)
    return message


def make_message(
    thread: Thread, inbound: Inbound, sender_kind: str, screening: Screening
) -> Message:
    ring = sealing.ring_of(thread.hospital_id, [thread.holder_id], create=True)
    account = Account.objects.get(hospital_id=thread.hospital_id, pk=inbound.account_id)
    return Message(
        hospital_id=thread.hospital_id,
        thread=thread,
        sender_kind=sender_kind,
        account=account,
        address_id=inbound.address_id,
        arrival_id=inbound.arrival_id,
        kind=inbound.kind,
        body_sealed=sealing.seal_body(ring, thread.holder_id, inbound.text),
        category=screening.category,
        delivery_state=Message.State.RECEIVED,
        provider_message_id=inbound.provider_message_id[:120],
        at=inbound.occurred_at,
        created_at=time.now(),
    )


def recall_message(hospital: Hospital, inbound: Inbound) -> Message | None:
    """Hide what the patient took back. The words stay sealed in the record."""
    rows = Message.objects.filter(
        hospital=hospital,
        account_id=inbound.account_id,
        provider_message_id=inbound.provider_message_id,
    ).exclude(provider_message_id="")
    if not rows.filter(recalled_at=None).update(recalled_at=inbound.occurred_at):
        return None
    message = rows.select_related("thread__holder").get()
    tell_message(message.thread, message, "message.recalled", CLEAR)
    publish(message.thread)
    return message


def tell_message(thread: Thread, message: Message, name: str, screening: Screening) -> None:
    tell(
        thread,
        name,
        SystemActor(thread.hospital_id),
        message_id=message.pk,
        consult_id=message.consult_id,
        account_id=message.account_id,
        kind=message.kind,
        urgency=screening.urgency,
        category=screening.category,
    )
