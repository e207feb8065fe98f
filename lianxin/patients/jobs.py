"""Background work: knowing who arrived, sending the code of a verification, sweeping sessions."""

from __future__ import annotations

from typing import Any

from lianxin.core.actor import SystemActor
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope
from lianxin.patients import actions


@job(queue="urgent")
def receive_contacts(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Know the people behind the addresses that were added. Hears `contact.added`."""
    with scope(hospital_id):
        for event in events:
            actions.receive_contact(
                hospital_id,
                event["subject_id"],
                by=SystemActor(hospital_id),
                live_code_id=event["data"].get("live_code_id"),
            )


@periodic(seconds=3600)
def sweep_sessions(hospital_id: int) -> None:
    """Forget the phones whose thirty days are over."""
    with scope(hospital_id):
        actions.drop_expired_sessions(hospital_id)
