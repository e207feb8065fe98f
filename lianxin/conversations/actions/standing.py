"""How a thread stands after something was said. Called with the thread locked."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from lianxin.conversations.models import Consult, Message, Thread
from lianxin.conversations.queries import clock_of, find_open_consult
from lianxin.conversations.rules import clock, threads
from lianxin.conversations.rules.emergency import Screening, graver, rank
from lianxin.core import events, live, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder
from lianxin.patients.queries import find_meant_patient
from lianxin.staff.models import Staff

LAPSED = "lapsed"


def hold_thread(hospital: Hospital, holder: Holder, at: datetime) -> Thread:
    """Return the holder's thread, locked; made when this is the first word."""
    Thread.objects.get_or_create(
        holder=holder,
        defaults={
            "hospital": hospital,
            "team_id": holder.team_id,
            "opened_at": at,
            "last_message_at": at,
        },
    )
    thread = Thread.objects.select_for_update(no_key=True).get(holder=holder)
    thread.hospital, thread.holder = hospital, holder
    patient = find_meant_patient(holder, thread.patient_id)
    if patient is not None:
        thread.patient = patient
        thread.team_id = patient.team_id or thread.team_id
    return thread


def lock_thread(thread: Thread) -> Thread:
    """Return the thread as it is now, locked against others until the transaction ends."""
    rows = Thread.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("hospital", "holder").get(pk=thread.pk)


def note_question(thread: Thread, message: Message, screening: Screening) -> None:
    """Let a patient's message count: unread, waiting, urgent. Late arrivals change less."""
    thread.state = Thread.State.OPEN
    thread.unread_count += 1
    if screening.is_hit:
        raise_urgency(thread, message.at, screening)
    if thread.last_patient_at is None or message.at >= thread.last_patient_at:
        thread.last_patient_at = message.at
        thread.last_address_id = message.address_id
        thread.last_account_kind = message.account.kind if message.account else ""
    if not is_answered_after(thread, message.at):
        start_waiting(thread, message.at, screening.urgency)
    move_last(thread, message)


def raise_urgency(thread: Thread, at: datetime, screening: Screening) -> None:
    if rank(screening.urgency) >= rank(thread.urgency):
        thread.urgency_category = screening.category
    thread.urgency = graver(thread.urgency, screening.urgency)
    thread.urgent_at = at
    thread.escalation_rank, thread.escalated_at = 0, None


def start_waiting(thread: Thread, at: datetime, urgency: str) -> None:
    """Start the service clock, or shorten it: the patient's oldest unanswered word counts."""
    due = clock.first_reply_due(
        time.local(thread.hospital, at), graver(urgency, thread.urgency), clock_of(thread.hospital)
    )
    thread.waiting_since = min(thread.waiting_since or at, at)
    thread.first_reply_due_at = min(thread.first_reply_due_at or due, due)


def is_answered_after(thread: Thread, at: datetime) -> bool:
    return answers_of(thread).filter(at__gte=at).exists()


def answers_of(thread: Thread) -> QuerySet[Message]:
    failed = Q(delivery_state__in=(Message.State.FAILED, Message.State.REFUSED))
    rows = Message.objects.filter(thread=thread, sender_kind=Message.Sender.STAFF)
    return rows.exclude(failed)


def note_answer(thread: Thread, message: Message, by: Staff | None) -> None:
    """Let a member of staff's answer count: nobody waits any more, the danger is in hands."""
    if thread.waiting_since is not None and message.at >= thread.waiting_since:
        thread.waiting_since, thread.first_reply_due_at = None, None
        thread.urgency = Thread.Urgency.NORMAL
    if by is not None:
        thread.unread_count = 0
        thread.assignee = thread.assignee or by
    consult = message.consult
    if consult is not None and message.at >= consult.first_patient_at:
        answered = Consult.objects.filter(pk=consult.pk, first_reply_at=None)
        answered.update(first_reply_at=message.at, first_reply_by=by)
    move_last(thread, message)


def take_answer_back(thread: Thread, message: Message) -> None:
    """Undo an answer that never reached the patient: the clock runs on as if it had not been."""
    if message.consult_id is not None:
        rows = answers_of(thread).filter(consult_id=message.consult_id).order_by("at", "id")
        first = rows.first()
        Consult.objects.filter(pk=message.consult_id, first_reply_at=message.at).update(
            first_reply_at=first.at if first else None,
            first_reply_by_id=first.sender_id if first else None,
        )
    asked = thread.last_patient_at
    if asked is not None and thread.is_open and not is_answered_after(thread, asked):
        start_waiting(thread, asked, thread.urgency)


def hold_consult(thread: Thread, message: Message, screening: Screening) -> Consult:
    """Return the consult that this message belongs to: the running one, or a new one."""
    running = find_open_consult(thread)
    hours = clock_of(thread.hospital)
    last = thread.last_message_at if running else None
    if running and not clock.starts_new_consult(last, message.at, hours, is_open=True):
        if rank(screening.urgency) > rank(running.urgency):
            Consult.objects.filter(pk=running.pk).update(urgency=screening.urgency)
        return running
    if running:
        end_consult(running, LAPSED, by=None, at=message.at)
    return open_consult(thread, message, screening)


def open_consult(thread: Thread, message: Message, screening: Screening) -> Consult:
    hours = clock_of(thread.hospital)
    local = time.local(thread.hospital, message.at)
    consult = Consult.objects.create(
        hospital_id=thread.hospital_id,
        thread=thread,
        patient_id=thread.patient_id,
        account_kind=message.account.kind if message.account else "",
        urgency=screening.urgency,
        first_patient_at=message.at,
        first_reply_due_at=clock.first_reply_due(local, screening.urgency, hours),
    )
    tell(thread, "consult.opened", SystemActor(thread.hospital_id), consult_id=consult.pk)
    return consult


def end_consult(consult: Consult, outcome: str, *, by: Staff | None, at: datetime) -> bool:
    """Close a consult; False when somebody was faster."""
    rows = Consult.objects.filter(pk=consult.pk, state=Consult.State.OPEN)
    return bool(
        rows.update(state=Consult.State.CLOSED, outcome=outcome, closed_at=at, closed_by=by)
    )


def move_last(thread: Thread, message: Message) -> None:
    """Show the newest message in the list; an older one that came late stays where it belongs."""
    if thread.last_message_id is None or message.at >= thread.last_message_at:
        thread.last_message, thread.last_message_at = message, message.at


def save_standing(thread: Thread) -> None:
    """Write the thread with its place in the list and tell the open pages."""
    thread.attention = threads.attention(
        thread.urgency, is_waiting=thread.is_waiting, is_open=thread.is_open
    )
    thread.save()
    publish(thread)


def publish(thread: Thread) -> None:
    live.publish(thread.hospital_id, "inbox", thread=thread.key)
    live.publish(thread.hospital_id, f"thread:{thread.key}")
    live.publish(thread.hospital_id, "today")
    live.publish(thread.hospital_id, f"holder:{thread.holder.key}")


def tell(thread: Thread, name: str, by: Actor, **data: int | str | None) -> None:
    events.record(
        name,
        hospital_id=thread.hospital_id,
        subject="thread",
        subject_id=thread.pk,
        by=by,
        patient_id=thread.patient_id,
        data={"holder_id": thread.holder_id, **data},
    )
