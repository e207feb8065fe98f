"""Two talks turn out to be one person's: the words move under one key, nothing is said twice."""

from __future__ import annotations

from django.db import transaction

from lianxin.conversations import queries, sealing
from lianxin.conversations.actions.standing import end_consult, hold_thread, save_standing, tell
from lianxin.conversations.models import Consult, Message, Rating, Thread
from lianxin.conversations.rules.emergency import graver
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder

JOINED = "joined"


@transaction.atomic
def join_threads(hospital_id: int, kept_id: int, joined_id: int) -> Thread | None:
    """Move the talk of `joined_id` into that of `kept_id`. May run twice; None without a talk."""
    folded = Thread.objects.select_for_update(no_key=True).filter(
        hospital_id=hospital_id, holder_id=joined_id
    )
    other = folded.first()
    if other is None:
        return None
    hospital = Hospital.objects.get(pk=hospital_id)
    holder = Holder.objects.get(hospital_id=hospital_id, pk=kept_id)
    thread = hold_thread(hospital, holder, other.opened_at)
    move_messages(thread, other)
    move_consults(thread, other)
    take_standing(thread, other)
    Thread.objects.filter(pk=other.pk).update(last_message=None)
    other.delete()
    save_standing(thread)
    tell(thread, "thread.joined", SystemActor(hospital_id), joined_id=joined_id)
    return thread


def move_messages(thread: Thread, other: Thread) -> None:
    """Seal every body anew: a body opens with its own holder's key only."""
    ring = sealing.ring_of(thread.hospital_id, [thread.holder_id, other.holder_id], create=True)
    rows = list(Message.objects.filter(thread=other))
    for row in rows:
        text = sealing.open_body(ring, other.holder_id, row)
        row.body_sealed = sealing.seal_body(ring, thread.holder_id, text)
        row.thread = thread
        row.client_key = None
    Message.objects.bulk_update(rows, ["body_sealed", "thread", "client_key"], batch_size=500)


def move_consults(thread: Thread, other: Thread) -> None:
    """Keep the older of two running consults; the other one ends in it."""
    ours, theirs = queries.find_open_consult(thread), queries.find_open_consult(other)
    if ours is not None and theirs is not None:
        end_consult(theirs, JOINED, by=None, at=time.now())
    Consult.objects.filter(thread=other).update(thread=thread)
    Rating.objects.filter(thread=other).update(thread=thread)


def take_standing(thread: Thread, other: Thread) -> None:
    """Let the graver urgency, the longer wait and the newer word count."""
    thread.urgency = graver(thread.urgency, other.urgency)
    thread.urgency_category = thread.urgency_category or other.urgency_category
    thread.urgent_at = thread.urgent_at or other.urgent_at
    thread.unread_count += other.unread_count
    thread.assignee_id = thread.assignee_id or other.assignee_id
    if other.is_open:
        thread.state = Thread.State.OPEN
    if other.waiting_since is not None:
        thread.waiting_since = min(thread.waiting_since or other.waiting_since, other.waiting_since)
        due = other.first_reply_due_at
        known = [at for at in (thread.first_reply_due_at, due) if at is not None]
        thread.first_reply_due_at = min(known)
    if other.last_patient_at and other.last_patient_at >= (
        thread.last_patient_at or other.last_patient_at
    ):
        thread.last_patient_at = other.last_patient_at
        thread.last_address_id = other.last_address_id
        thread.last_account_kind = other.last_account_kind
    newest = Message.objects.filter(thread=thread).order_by("-at", "-id").first()
    if newest is not None:
        thread.last_message, thread.last_message_at = newest, newest.at
