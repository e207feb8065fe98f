"""Sweeps: what becomes due by itself. Each may run twice and on any number of workers."""

from __future__ import annotations

from typing import Any

from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope
from lianxin.health import actions


@periodic(seconds=5, queue="urgent")
def sweep_alerts(hospital_id: int) -> None:
    """Count first readings without a second as confirmed, and ask the next on the line."""
    with scope(hospital_id):
        actions.confirm_overdue(hospital_id)
    with scope(hospital_id):
        actions.escalate_overdue(hospital_id)
    with scope(hospital_id):
        actions.call_unanswered(hospital_id)


@job(queue="urgent")
def take_by_phone(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Take the alert when the person who was rung has pressed 1."""
    with scope(hospital_id):
        for event in events:
            actions.take_by_phone(hospital_id, event["subject_id"], event["data"]["pressed"])


@job(queue="urgent")
def call_next(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Ring the next person as soon as a call has ended without anybody taking it."""
    del events
    with scope(hospital_id):
        actions.call_unanswered(hospital_id)


@job(queue="urgent")
def take_pressed_cards(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Take on the alerts whose card a member has pressed."""
    for event in events:
        data = event["data"]
        if data["subject"] != actions.CARD_SUBJECT:
            continue
        with scope(hospital_id):
            actions.acknowledge_by_card(
                hospital_id, event["subject_id"], data["subject_key"], data["staff_id"]
            )


@periodic(seconds=3600)
def sweep_silence(hospital_id: int) -> None:
    """Ask about patients who planned to measure and do not."""
    with scope(hospital_id):
        actions.raise_silence(hospital_id)
