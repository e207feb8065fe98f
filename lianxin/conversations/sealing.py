"""Who can read what was said: the holder's record key, which the law's term outlives erasure."""

from __future__ import annotations

from collections.abc import Iterable

from lianxin.conversations.models import Message
from lianxin.core.keys import Keyring

FIELD = "conversations.message"
# Consults are kept as records (online-care rules: 3 years for process records, 15 for the file).
RETENTION = "record"
HOLDER = "holder"


def ring_of(
    hospital_id: int,
    holder_ids: Iterable[int],
    patient_ids: Iterable[int] = (),
    *,
    create: bool = False,
) -> Keyring:
    """Load the keys of what holders wrote, and of patients whom the same page names."""
    patients = [("patient", pk) for pk in patient_ids]
    return Keyring.load(
        hospital_id, [*((HOLDER, pk) for pk in holder_ids), *patients], create=create
    )


def seal_body(ring: Keyring, holder_id: int, text: str) -> bytes:
    return ring.seal((HOLDER, holder_id), RETENTION, text, field=FIELD)


def open_body(ring: Keyring, holder_id: int, message: Message) -> str:
    """Return the words; nothing when the key is gone."""
    return ring.open((HOLDER, holder_id), RETENTION, message.body_sealed, field=FIELD) or ""
