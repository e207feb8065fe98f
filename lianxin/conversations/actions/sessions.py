"""A customer service session was handed on or has ended: what is said by the code that came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from lianxin.channels.queries import open_arrivals
from lianxin.conversations import catalog
from lianxin.conversations.actions.automatic import write_automatic
from lianxin.conversations.actions.outgoing import make_draft
from lianxin.conversations.actions.rating import QUESTION, make_question, may_ask
from lianxin.conversations.actions.standing import lock_thread, publish
from lianxin.conversations.models import Consult, Message, Thread
from lianxin.conversations.queries import find_thread_of_address
from lianxin.outreach.actions import Draft
from lianxin.outreach.models import Intent
from lianxin.staff.queries import find_by_wecom

# What is said after a change; after an end, the question how it was.
WORDS = {"queued": "queued", "taken": "taken", "handed_on": "taken"}
ENDED = "ended"


@transaction.atomic
def answer_session(hospital_id: int, change: Mapping[str, Any], address_id: int) -> Draft | None:
    """Show the change; return what the code shall say, None when nothing is to be said.

    Asked again for the same change it returns the same.
    """
    thread = find_thread_of_address(hospital_id, address_id)
    if thread is None:
        return None
    thread = lock_thread(thread)
    publish(thread)
    if not change.get("has_code"):
        return None
    language = thread.holder.language or thread.hospital.default_language
    key = f"session:{change['arrival_id']}"
    if change["change"] == ENDED:
        message = ask_by_code(thread, change["arrival_id"], key)
        kind, code = "rating", QUESTION
    else:
        code = WORDS.get(change["change"], "")
        message = write_automatic(thread, code, address_id=address_id, key=key) if code else None
        kind = "session"
    if message is None:
        return None
    return make_draft(thread, message, catalog.session_text(code, language), kind=kind)


def ask_by_code(thread: Thread, arrival_id: int, key: str) -> Message | None:
    """Ask about the talk that ended in the client, whoever ended it there."""
    known = Message.objects.filter(thread=thread, client_key=key).first()
    if known is not None:
        return known
    consult = Consult.objects.filter(thread=thread).order_by("-first_patient_at").first()
    if consult is None or not may_ask(thread, consult):
        return None
    inbounds = open_arrivals(thread.hospital_id, [arrival_id])
    staff = find_by_wecom(thread.hospital_id, inbounds[0].staff_userid) if inbounds else None
    return make_question(thread, consult, staff, key).question


@transaction.atomic
def link_intent(hospital_id: int, unique_key: str) -> int | None:
    """Tie a message to the intent that its code made; returns the intent."""
    intent = Intent.objects.filter(hospital_id=hospital_id, unique_key=unique_key).first()
    if intent is None:
        return None
    rows = Message.objects.filter(hospital_id=hospital_id, pk=intent.subject_id or 0, intent=None)
    rows.update(intent=intent)
    return intent.pk
