"""Writes: readings, alerts, medicines and the reviewed rows. Nothing else changes them."""

from __future__ import annotations

from lianxin.health.actions.alerts import (
    CARD_SUBJECT,
    acknowledge_alert,
    acknowledge_by_card,
    answer_symptoms,
    close_alert,
    confirm_overdue,
    escalate_overdue,
    hand_over_alerts,
)
from lianxin.health.actions.calls import call_unanswered, take_by_phone
from lianxin.health.actions.medicines import plan_medication, stop_medication, tick_doses, undo_tick
from lianxin.health.actions.profiles import (
    join_profiles,
    plan_measurements,
    raise_silence,
    set_flags,
    set_override,
)
from lianxin.health.actions.recording import (
    Recorded,
    correct_reading,
    record_reading,
    withdraw_reading,
)
from lianxin.health.actions.rows import approve_row, load_clinical_rows

__all__ = [
    "CARD_SUBJECT",
    "Recorded",
    "acknowledge_alert",
    "acknowledge_by_card",
    "answer_symptoms",
    "approve_row",
    "call_unanswered",
    "close_alert",
    "confirm_overdue",
    "correct_reading",
    "escalate_overdue",
    "hand_over_alerts",
    "join_profiles",
    "load_clinical_rows",
    "plan_measurements",
    "plan_medication",
    "raise_silence",
    "record_reading",
    "set_flags",
    "set_override",
    "stop_medication",
    "take_by_phone",
    "tick_doses",
    "undo_tick",
    "withdraw_reading",
]
