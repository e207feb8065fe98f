"""Asking how a talk was: once, never in danger; the answer is a press, with words if she likes."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from lianxin.channels.adapters.base import Inbound
from lianxin.conversations import catalog
from lianxin.conversations.actions.automatic import write_automatic
from lianxin.conversations.actions.outgoing import submit_message
from lianxin.conversations.actions.standing import publish, tell
from lianxin.conversations.models import Consult, Message, Rating, Thread
from lianxin.conversations.queries.ratings import find_asked
from lianxin.conversations.rules import rating as rules
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.patients.queries import patients_of
from lianxin.staff.models import Staff

QUESTION, THANKS = "question", "thanks"


def may_ask(thread: Thread, consult: Consult) -> bool:
    """Tell whether this talk may be asked about. Called with the thread locked."""
    has_red_alert = import_string(settings.RED_ALERTS)
    patients = {one.patient_id for one in patients_of(thread.holder)}
    talk = rules.Talk(
        is_asked=Rating.objects.filter(consult=consult).exists(),
        has_answer=consult.first_reply_at is not None,
        is_in_danger=Thread.Urgency.EMERGENCY in (consult.urgency, thread.urgency),
        has_red_alert=has_red_alert(thread.hospital_id, patients | {thread.patient_id or 0}),
    )
    return not rules.find_objection(talk)


def make_question(thread: Thread, consult: Consult, staff: Staff | None, key: str) -> Rating:
    """Store the question and whose work it is about; sending it is the caller's part."""
    question = write_automatic(thread, QUESTION, address_id=thread.last_address_id, key=key)
    Message.objects.filter(pk=question.pk).update(consult=consult)
    rating = Rating.objects.create(
        hospital_id=thread.hospital_id,
        consult=consult,
        thread=thread,
        question=question,
        staff=staff or consult.first_reply_by or thread.assignee,
        asked_at=time.now(),
    )
    data = {"consult_id": consult.pk, "staff_id": rating.staff_id}
    tell(thread, "rating.asked", SystemActor(thread.hospital_id), **data)
    return rating


def ask_rating(thread: Thread, consult: Consult) -> None:
    """Ask after staff have ended the talk here, while the window is open."""
    if not may_ask(thread, consult) or thread.last_address is None:
        return
    key = f"question:{consult.pk}"
    rating = make_question(thread, consult, None, key)
    language = thread.holder.language or thread.hospital.default_language
    submit_message(
        thread,
        rating.question,
        catalog.session_text(QUESTION, language),
        kind="rating",
        by=SystemActor(thread.hospital_id),
        ends_at=time.now() + catalog.question_time(),
    )


@transaction.atomic
def score_talk(hospital: Hospital, inbound: Inbound) -> bool:
    """Store what was pressed; False when it answers no question of ours to this person.

    The first press counts. Whoever presses again changes nothing and is not taken for a question.
    """
    pressed = rules.read_press(inbound.menu_id)
    if pressed is None:
        return False
    rating = find_asked(hospital.pk, pressed[0], inbound.address_id)
    if rating is None:
        return False
    rows = Rating.objects.filter(pk=rating.pk, score=None)
    if rows.update(score=pressed[1], scored_at=inbound.occurred_at):
        thread = rating.thread
        data = {"consult_id": rating.consult_id, "staff_id": rating.staff_id, "score": pressed[1]}
        tell(thread, "rating.given", SystemActor(hospital.pk), **data)
        thank(thread, inbound.address_id)
        publish(thread)
    return True


def thank(thread: Thread, address_id: int) -> None:
    message = write_automatic(thread, THANKS, address_id=address_id)
    language = thread.holder.language or thread.hospital.default_language
    text = catalog.session_text(THANKS, language)
    submit_message(thread, message, text, kind="session", by=SystemActor(thread.hospital_id))


def note_words(thread: Thread, message: Message) -> None:
    """Join what was written right after an answer to it. It stays a message that is answered."""
    since: datetime = message.at - catalog.words_time()
    rows = Rating.objects.filter(
        thread=thread, words=None, scored_at__gte=since, scored_at__lte=message.at
    )
    newest = rows.order_by("-scored_at").first()
    if newest is not None and message.kind == "text":
        Rating.objects.filter(pk=newest.pk, words=None).update(words=message)
