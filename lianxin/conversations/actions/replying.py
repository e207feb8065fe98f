"""What staff say: answers that go through the gate, and notes that never leave the house."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels.models import Address
from lianxin.conversations import queries, sealing
from lianxin.conversations.actions.outgoing import submit_message
from lianxin.conversations.actions.standing import (
    lock_thread,
    note_answer,
    publish,
    save_standing,
    tell,
)
from lianxin.conversations.actions.wording import refuse_blocked, refuse_long
from lianxin.conversations.models import Message, Thread
from lianxin.core import time
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Staff


@transaction.atomic
def send_reply(
    thread: Thread, text: str, *, by: Staff, client_key: str = "", address_key: str = ""
) -> Message:
    """Answer the patient. The same client key again returns the message it made before.

    The message shows at once as queued; the gate decides, and its states follow.
    """
    thread = open_for(thread, by)
    said_before = queries.find_sent_before(thread, client_key) if client_key else None
    if said_before is not None:
        return said_before
    refuse_long(text)
    refuse_blocked(thread.hospital_id, text)
    address = choose_address(thread, address_key)
    message = write_message(thread, text, Message.Sender.STAFF, by, client_key)
    message.address, message.account = address, address.account
    message.consult = queries.find_open_consult(thread)
    message.delivery_state = Message.State.QUEUED
    message.save(force_insert=True)
    submit_message(thread, message, text, kind="reply", by=by)
    note_answer(thread, message, by)
    save_standing(thread)
    tell(thread, "message.replied", by, message_id=message.pk, consult_id=message.consult_id)
    return message


@transaction.atomic
def add_note(thread: Thread, text: str, *, by: Staff, client_key: str = "") -> Message:
    """Write for colleagues only. Never sent, never shown on the phone."""
    thread = open_for(thread, by)
    said_before = queries.find_sent_before(thread, client_key) if client_key else None
    if said_before is not None:
        return said_before
    message = write_message(thread, text, Message.Sender.NOTE, by, client_key)
    message.kind = "note"
    message.save(force_insert=True)
    tell(thread, "message.noted", by, message_id=message.pk)
    publish(thread)
    return message


def open_for(thread: Thread, by: Staff) -> Thread:
    """Check the right to speak and return the thread, locked."""
    if not by.may("message.send"):
        raise ForbiddenError
    thread = lock_thread(thread)
    if thread.state == Thread.State.RESTRICTED:
        raise RefusedError(_("这段会话已经封存，只依法保存。"))
    return thread


def choose_address(thread: Thread, address_key: str) -> Address:
    """Return where the answer goes: the chosen address, else where the patient wrote last."""
    rows = Address.objects.filter(
        hospital_id=thread.hospital_id, pk__in=queries.list_address_ids(thread)
    ).select_related("account")
    if address_key:
        found = rows.filter(key=address_key).first()
    else:
        found = rows.filter(pk=thread.last_address_id or 0).first()
    if found is None:
        raise RefusedError(_("没有可以回复的渠道，请打电话联系。"))
    return found


def write_message(
    thread: Thread, text: str, sender_kind: str, by: Staff, client_key: str
) -> Message:
    ring = sealing.ring_of(thread.hospital_id, [thread.holder_id], create=True)
    now = time.now()
    return Message(
        hospital_id=thread.hospital_id,
        thread=thread,
        sender_kind=sender_kind,
        sender=by,
        kind="text",
        body_sealed=sealing.seal_body(ring, thread.holder_id, text),
        client_key=client_key or None,
        at=now,
        created_at=now,
    )
