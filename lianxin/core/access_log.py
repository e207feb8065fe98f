"""The access log: who looked at which patient, and who was refused. One insert per page."""

from __future__ import annotations

from collections.abc import Iterable

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.ids import make_event_id
from lianxin.core.models import AccessEntry
from lianxin.core.rows import insert_rows


def record_views(actor: Actor, patient_ids: Iterable[int], *, page: str, reason: str = "") -> None:
    """Write one row per patient shown, in one insert."""
    seen = AccessEntry.Outcome.SEEN
    insert_rows(make_entries(actor, page, seen, dict.fromkeys(patient_ids), reason))


def record_refusal(actor: Actor, *, page: str, patient_id: int | None = None) -> None:
    """Write that somebody tried what the role does not allow."""
    insert_rows(make_entries(actor, page, AccessEntry.Outcome.REFUSED, [patient_id]))


def make_entries(
    actor: Actor,
    page: str,
    outcome: AccessEntry.Outcome,
    patient_ids: Iterable[int | None],
    reason: str = "",
) -> list[AccessEntry]:
    at = time.now()
    return [
        AccessEntry(
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
        for patient_id in patient_ids
    ]
