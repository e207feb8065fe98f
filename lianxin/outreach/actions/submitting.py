"""Submitting: say what should reach whom, once per unique key. The gate decides when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app

from lianxin.compliance.queries import guard_phrases
from lianxin.compliance.rules.guard import Context, Phrase, find_findings
from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.keys import Keyring
from lianxin.core.rows import insert_rows
from lianxin.outreach import sealing
from lianxin.outreach.catalog import default_settings
from lianxin.outreach.models import Intent

# The job lies above the actions, so it is called by its name.
DELIVER_NOW = "outreach.jobs.deliver_now"
CONTEXTS: dict[str, Context] = {
    "reply": "reply",
    "content": "education",
    "card": "notice",
    "message": "notice",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say. `unique_key` makes saying it twice impossible."""

    unique_key: str
    kind: str
    priority: str
    patient_id: int | None = None
    holder_id: int | None = None
    purpose: str = ""
    title: str = ""
    body: str = ""
    path: str = ""
    subject_kind: str = ""
    subject_id: int | None = None
    window_starts_at: datetime | None = None
    window_ends_at: datetime | None = None
    is_patient_set_time: bool = False
    answers_address_id: int | None = None


@transaction.atomic
def submit(hospital_id: int, draft: Draft, *, by: Actor) -> Intent:
    """Submit one thing and ask a worker to look at it at once.

    The same unique key again returns the intent that is there.
    """
    submit_many(hospital_id, [draft], by=by)
    intent = Intent.objects.get(hospital_id=hospital_id, unique_key=draft.unique_key)
    if intent.state == Intent.State.PENDING:
        app.configure_task(DELIVER_NOW, queue="urgent").defer(
            hospital_id=hospital_id, intent_ids=[intent.pk]
        )
    return intent


@transaction.atomic
def submit_many(hospital_id: int, drafts: Sequence[Draft], *, by: Actor) -> list[str]:
    """Submit hundreds at a time. What was submitted before is left as it is.

    Nothing is sent here: a worker asks the gate when the intent is due. Returns the unique keys.
    """
    now = time.now()
    check_drafts(drafts)
    subjects = {
        sealing.subject_of(draft.patient_id, draft.holder_id)
        for draft in drafts
        if draft.title or draft.body
    }
    ring = Keyring.load(hospital_id, subjects, create=True)
    phrases = guard_phrases(hospital_id)
    known: dict[tuple[str, str], list[str]] = {}
    intents = [make_intent(hospital_id, draft, by, now, ring) for draft in drafts]
    for intent, draft in zip(intents, drafts, strict=True):
        intent.findings = find_blocking(draft, phrases, known)
    insert_rows(intents, ignore_conflicts=True)
    return [draft.unique_key for draft in drafts]


def check_drafts(drafts: Sequence[Draft]) -> None:
    """Refuse words the gate does not know, so that no batch of a worker can stumble over them."""
    settings = default_settings()
    for draft in drafts:
        if draft.priority not in settings.priorities or draft.kind not in settings.orders:
            raise ValueError(f"{draft.kind}/{draft.priority} is no kind and priority of gate.yaml")


def make_intent(hospital_id: int, draft: Draft, by: Actor, now: datetime, ring: Keyring) -> Intent:
    subject = sealing.subject_of(draft.patient_id, draft.holder_id)
    starts = draft.window_starts_at
    return Intent(
        hospital_id=hospital_id,
        patient_id=draft.patient_id,
        holder_id=draft.holder_id,
        kind=draft.kind,
        purpose=draft.purpose,
        priority=draft.priority,
        unique_key=draft.unique_key,
        subject_kind=draft.subject_kind,
        subject_id=draft.subject_id,
        title_sealed=sealing.seal(ring, subject, draft.title, field=sealing.TITLE_FIELD),
        body_sealed=sealing.seal(ring, subject, draft.body, field=sealing.BODY_FIELD),
        path=draft.path,
        is_patient_set_time=draft.is_patient_set_time,
        answers_address_id=draft.answers_address_id,
        by_kind=by.kind,
        by_id=by.id,
        created_at=now,
        window_starts_at=starts,
        window_ends_at=draft.window_ends_at,
        due_at=max(now, starts) if starts else now,
    )


def find_blocking(
    draft: Draft, phrases: Sequence[Phrase], known: dict[tuple[str, str], list[str]]
) -> list[str]:
    """Return the categories of what may not be said; equal texts are read once."""
    text = "\n".join(part for part in (draft.title, draft.body) if part)
    if not text:
        return []
    context = CONTEXTS.get(draft.kind, "automatic")
    if (context, text) not in known:
        found = find_findings(text, phrases, context)
        known[context, text] = [one.category for one in found if one.severity == "block"]
    return known[context, text]
