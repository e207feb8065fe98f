"""Reads. Each takes the actor or the hospital first and returns nothing outside it."""

from __future__ import annotations

from lianxin.health.queries.alerts import (
    access_alert,
    access_own_alert,
    alert_counts,
    find_awaiting_alert,
    has_red_alert,
    list_alerts,
    list_alerts_of,
    list_closed_alerts,
)
from lianxin.health.queries.book import Book, access_row, find_book, list_rows, load_book
from lianxin.health.queries.calls import (
    find_call_step,
    find_calling,
    list_call_steps,
    list_phone_line,
    list_placed,
)
from lianxin.health.queries.medicines import (
    Dose,
    DosesOfDay,
    Intake,
    MedicineFacts,
    access_medication,
    adherence_of,
    doses_of_day,
    facts_of,
    list_medicines,
    load_intake,
    planned_slots,
)
from lianxin.health.queries.readings import (
    find_last_reading,
    find_observation,
    find_profile,
    find_repeated,
    list_readings,
    person_of,
    situation_of,
)
from lianxin.health.queries.trends import Trend, TrendRow, list_trend_rows, load_trend

__all__ = [
    "Book",
    "Dose",
    "DosesOfDay",
    "Intake",
    "MedicineFacts",
    "Trend",
    "TrendRow",
    "access_alert",
    "access_medication",
    "access_own_alert",
    "access_row",
    "adherence_of",
    "alert_counts",
    "doses_of_day",
    "facts_of",
    "find_awaiting_alert",
    "find_book",
    "find_call_step",
    "find_calling",
    "find_last_reading",
    "find_observation",
    "find_profile",
    "find_repeated",
    "has_red_alert",
    "list_alerts",
    "list_alerts_of",
    "list_call_steps",
    "list_closed_alerts",
    "list_medicines",
    "list_phone_line",
    "list_placed",
    "list_readings",
    "list_rows",
    "list_trend_rows",
    "load_book",
    "load_intake",
    "load_trend",
    "person_of",
    "planned_slots",
    "situation_of",
]
