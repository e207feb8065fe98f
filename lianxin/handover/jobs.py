"""Background work: opening handovers of who has left, and finishing what is done."""

from __future__ import annotations

from typing import Any

from lianxin.core.actor import SystemActor
from lianxin.core.jobs import job
from lianxin.core.scope import scope
from lianxin.handover import actions


@job()
def open_for_leavers(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Open a handover for everybody who has gone. Hears `member.left`."""
    with scope(hospital_id):
        for event in events:
            actions.open_for_leaver(hospital_id, event["subject_id"], by=SystemActor(hospital_id))


@job()
def follow_transfers(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Finish what has come to its end. Hears `transfer.done`, `.refused` and `.failed`."""
    ids = [event["subject_id"] for event in events]
    with scope(hospital_id):
        actions.follow_transfers(hospital_id, ids, by=SystemActor(hospital_id))
