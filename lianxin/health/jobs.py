"""Sweeps: what becomes due by itself. Each may run twice and on any number of workers."""

from __future__ import annotations

from lianxin.core.jobs import periodic
from lianxin.core.scope import scope
from lianxin.health import actions


@periodic(seconds=5, queue="urgent")
def sweep_alerts(hospital_id: int) -> None:
    """Count first readings without a second as confirmed, and ask the next on the line."""
    with scope(hospital_id):
        actions.confirm_overdue(hospital_id)
    with scope(hospital_id):
        actions.escalate_overdue(hospital_id)


@periodic(seconds=3600)
def sweep_silence(hospital_id: int) -> None:
    """Ask about patients who planned to measure and do not."""
    with scope(hospital_id):
        actions.raise_silence(hospital_id)
