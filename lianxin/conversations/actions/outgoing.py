"""The only way out of this room: one intent per message, through the gate."""

from __future__ import annotations

from datetime import datetime

from lianxin.conversations.models import Message, Thread
from lianxin.core.actor import Actor
from lianxin.outreach.actions import Draft, submit
from lianxin.outreach.jobs import deliver_now

# What a kind counts as, where it is not called the same.
PRIORITIES = {"session": "reply", "rating": "survey"}


def make_draft(
    thread: Thread, message: Message, text: str, *, kind: str, ends_at: datetime | None = None
) -> Draft:
    """Say what a stored message wants to be; its key makes it once."""
    return Draft(
        unique_key=f"message:{message.key}",
        kind=kind,
        priority=PRIORITIES.get(kind, kind),
        patient_id=thread.patient_id,
        holder_id=thread.holder_id,
        body=text,
        subject_kind="message",
        subject_id=message.pk,
        answers_address_id=message.address_id,
        window_ends_at=ends_at,
    )


def submit_message(
    thread: Thread,
    message: Message,
    text: str,
    *,
    kind: str,
    by: Actor,
    ends_at: datetime | None = None,
) -> None:
    """Ask the gate to send a message that is stored already."""
    draft = make_draft(thread, message, text, kind=kind, ends_at=ends_at)
    message.intent = submit(thread.hospital_id, draft, by=by)
    message.save(update_fields=["intent"])
    # Somebody is waiting for it: not for the next tick, and only if this transaction commits.
    deliver_now.defer(hospital_id=thread.hospital_id, intent_ids=[message.intent.pk])
