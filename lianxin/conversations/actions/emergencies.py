"""Danger words: the patient reads the 120 card, somebody on duty is paged, and paged again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from lianxin.channels.actions import notify_staff
from lianxin.conversations import catalog, sealing
from lianxin.conversations.actions.outgoing import submit_message
from lianxin.conversations.actions.standing import publish, tell
from lianxin.conversations.models import Message, Thread
from lianxin.conversations.queries import clock_of
from lianxin.conversations.rules.emergency import Screening
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_duty_line


def answer_emergency(thread: Thread, message: Message, screening: Screening) -> None:
    """Show the card at once and page the one on duty. Called with the thread locked."""
    tell(
        thread,
        "emergency.detected",
        SystemActor(thread.hospital_id),
        message_id=message.pk,
        urgency=screening.urgency,
        category=screening.category,
    )
    if may_send_card(thread, message, screening.card):
        send_card(thread, message, screening.card)
    page_duty(thread, f"emergency:{message.pk}:0", rank=0)


def may_send_card(thread: Thread, message: Message, card_code: str) -> bool:
    """Tell whether the card is due: not the same one twice in a breath, not for old news."""
    clock, now = clock_of(thread.hospital), time.now()
    if now - message.at > clock.card_max_age:
        return False
    recent = Message.objects.filter(
        thread=thread, card_code=card_code, created_at__gt=now - clock.card_repeat
    )
    return not recent.exists()


def send_card(thread: Thread, message: Message, card_code: str) -> Message:
    """Answer with the card, labelled as automatic, through the gate as a safety text."""
    language = thread.holder.language or thread.hospital.default_language
    card = catalog.find_card(card_code, language)
    ring = sealing.ring_of(thread.hospital_id, [thread.holder_id], create=True)
    text = f"{card.title}\n{card.body}"
    now = time.now()
    answer = Message.objects.create(
        hospital_id=thread.hospital_id,
        thread=thread,
        consult=message.consult,
        sender_kind=Message.Sender.ASSISTANT,
        account_id=message.account_id,
        address_id=message.address_id,
        kind="card",
        card_code=card_code,
        body_sealed=sealing.seal_body(ring, thread.holder_id, text),
        delivery_state=Message.State.QUEUED,
        # After the words it answers, also when two clocks differ.
        at=max(now, message.at),
        created_at=now,
    )
    submit_message(thread, answer, text, kind="safety", by=SystemActor(thread.hospital_id))
    return answer


def page_duty(thread: Thread, dedupe_key: str, *, rank: int) -> Staff | None:
    """Page one person of the duty line by app message; names no patient and no illness."""
    line = list_duty_line(thread.hospital_id, thread.team_id, time.now())
    asked = line[min(rank, len(line) - 1)] if line else None
    people = {person.pk: person for person in (asked, thread.assignee) if person is not None}
    for staff_id in people:
        notify_staff(
            thread.hospital_id,
            staff_id,
            title=_("紧急消息"),
            text=_("有患者的消息需要马上看，请打开会话处理。"),
            path=f"{reverse('conversations:inbox')}{thread.key}/",
            dedupe_key=dedupe_key,
            is_first=True,
        )
    return asked


@transaction.atomic
def escalate_thread(hospital_id: int, thread_id: int) -> bool:
    """Ask the next one on duty about a danger nobody answered; False when another worker did."""
    hospital = Hospital.objects.get(pk=hospital_id)
    now = time.now()
    thread = claim_escalation(hospital, thread_id, now)
    if thread is None:
        return False
    thread.hospital = hospital
    key = f"escalated:{thread.pk}:{thread.waiting_since:%Y%m%d%H%M%S}:{thread.escalation_rank}"
    asked = page_duty(thread, key, rank=thread.escalation_rank)
    tell(
        thread,
        "thread.escalated",
        SystemActor(hospital_id),
        rank=thread.escalation_rank,
        staff_id=asked.pk if asked else None,
    )
    publish(thread)
    return True


def claim_escalation(hospital: Hospital, thread_id: int, now: datetime) -> Thread | None:
    """Take the next step of the line for this worker."""
    pause = clock_of(hospital).escalate_every
    rows = Thread.objects.filter(hospital=hospital, pk=thread_id, first_reply_due_at__lte=now)
    thread = rows.select_related("holder", "assignee").first()
    if thread is None:
        return None
    due = Q(escalated_at=None) | Q(escalated_at__lte=now - pause)
    step = thread.escalation_rank + 1
    taken = rows.filter(due, escalation_rank=thread.escalation_rank)
    if not taken.update(escalation_rank=step, escalated_at=now):
        return None
    thread.escalation_rank = step
    return thread
