"""Which key seals an intent's words: the patient's, or the holder's while nobody is verified."""

from __future__ import annotations

from lianxin.core.keys import Keyring, Subject

TITLE_FIELD = "outreach.intent.title"
BODY_FIELD = "outreach.intent.body"
# Words on their way: they end with the relationship. What must be kept is kept by its own room.
RETENTION = "engagement"


def subject_of(patient_id: int | None, holder_id: int | None) -> Subject:
    if patient_id is not None:
        return ("patient", patient_id)
    return ("holder", holder_id or 0)


def seal(ring: Keyring, subject: Subject, text: str, *, field: str) -> bytes:
    return ring.seal(subject, RETENTION, text, field=field) if text else b""


def open_text(ring: Keyring, subject: Subject, sealed: bytes, *, field: str) -> str:
    return ring.open(subject, RETENTION, sealed, field=field) or ""
