"""Frequency caps: how much is too much for one patient."""

from __future__ import annotations

from lianxin.outreach.rules.facts import Message, Reason, Usage
from lianxin.outreach.rules.settings import Cap, GateSettings


def find_cap_reason(message: Message, usage: Usage, settings: GateSettings) -> Reason | None:
    """Return the first cap that this message would break."""
    total = settings.total.per_day
    if total is not None and not message.is_patient_set_time and usage.total_today >= total:
        return Reason("cap_day", {"limit": total})
    cap = settings.caps.get(message.priority)
    return find_priority_reason(message.priority, cap, usage) if cap else None


def find_priority_reason(priority: str, cap: Cap, usage: Usage) -> Reason | None:
    spans = (
        ("cap_priority_day", cap.per_day, usage.today),
        ("cap_priority_week", cap.per_week, usage.this_week),
        ("cap_priority_month", cap.per_month, usage.this_month),
    )
    for code, limit, counts in spans:
        if limit is not None and counts.get(priority, 0) >= limit:
            return Reason(code, {"limit": limit})
    return None


def count_one(usage: Usage, priority: str) -> Usage:
    """Return the usage after one more message, so one batch cannot overdraw a cap."""
    return Usage(
        usage.total_today + 1,
        {**usage.today, priority: usage.today.get(priority, 0) + 1},
        {**usage.this_week, priority: usage.this_week.get(priority, 0) + 1},
        {**usage.this_month, priority: usage.this_month.get(priority, 0) + 1},
    )
