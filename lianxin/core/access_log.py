"""The access log: who looked at which patient, and who was refused. One insert per page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.ids import make_event_id
from lianxin.core.models import AccessEntry


def record_views(actor: Actor, patient_ids: Iterable[int], *, page: str, reason: str = "") -> None:
    """Write one row per patient shown, in one insert."""
    at = time.now()
    rows = [
        make_entry(actor, page, AccessEntry.Outcome.SEEN, patient_id, reason, at)
        for patient_id in dict.fromkeys(patient_ids)
    ]
    if rows:
        AccessEntry.objects.bulk_create(rows)


def record_refusal(actor: Actor, *, page: str, patient_id: int | None = None) -> None:
    """Write that somebody tried what the role does not allow."""
    outcome = AccessEntry.Outcome.REFUSED
    make_entry(actor, page, outcome, patient_id, "", time.now()).save(force_insert=True)


def make_entry(
    actor: Actor,
    page: str,
    outcome: AccessEntry.Outcome,
    patient_id: int | None,
    reason: str,
    at: datetime,
) -> AccessEntry:
    return AccessEntry(
        at=at,
        id=make_event_id(at),
        hospital_id=actor.hospital_id,
        by_kind=actor.kind,
        by_id=actor.id,
        patient_id=patient_id,
        page=page[:80],
        outcome=outcome,
        reason=reason[:200],
    )
