"""What Lianxin itself says in a talk, always labelled as automatic."""

from __future__ import annotations

from lianxin.channels.models import Address
from lianxin.conversations import catalog, sealing
from lianxin.conversations.models import Message, Thread
from lianxin.core import time


def write_automatic(thread: Thread, code: str, *, address_id: int | None, key: str = "") -> Message:
    """Store a reviewed text as a message on its way; the caller hands it to the gate.

    The same key again returns the message it made before.
    """
    known = Message.objects.filter(thread=thread, client_key=key).first() if key else None
    if known is not None:
        return known
    language = thread.holder.language or thread.hospital.default_language
    ring = sealing.ring_of(thread.hospital_id, [thread.holder_id], create=True)
    text = catalog.session_text(code, language)
    address = Address.objects.filter(pk=address_id or 0).first()
    now = time.now()
    return Message.objects.create(
        hospital_id=thread.hospital_id,
        thread=thread,
        sender_kind=Message.Sender.ASSISTANT,
        address_id=address_id,
        account_id=address.account_id if address else None,
        kind=code,
        body_sealed=sealing.seal_body(ring, thread.holder_id, text),
        delivery_state=Message.State.QUEUED,
        client_key=key or None,
        at=now,
        created_at=now,
    )
