"""How much a carrier lets through in all, and what of it is kept for clinical messages."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from lianxin.outreach.rules.facts import WECOM_TASK, QuotaUse, Reason
from lianxin.outreach.rules.settings import GateSettings, QuotaRule, Reserve

ACCOUNT, ADDRESS = "account", "address"


def rule_of(settings: GateSettings, carrier: str, mass_limit: str) -> QuotaRule | None:
    """Return the quota of a carrier at an account; `mass_limit`: what it says of mass messages."""
    rule = settings.quotas.get(carrier)
    if rule is None or carrier != WECOM_TASK:
        return rule
    return settings.mass_limits.get(mass_limit, rule)


def first_day(rule: QuotaRule, day: date) -> date:
    """Return the first day of the period in which `day` lies; weeks begin on Monday."""
    if rule.every == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if rule.every == "week" else day


def next_first_day(rule: QuotaRule, day: date) -> date:
    start = first_day(rule, day)
    days = {"month": monthrange(start.year, start.month)[1], "week": 7, "day": 1}[rule.every]
    return start + timedelta(days=days)


def limit_on(rule: QuotaRule, day: date) -> int:
    """Return how many messages the period of this day allows."""
    return monthrange(day.year, day.month)[1] if rule.limit is None else rule.limit


def kept_back(limit: int, reserve: Reserve) -> int:
    return math.ceil(limit * reserve.share)


def room_for(use: QuotaUse, priority: str, reserve: Reserve, at: datetime) -> int:
    """Return how many messages of this priority still fit."""
    if use.closed_until is not None and at < use.closed_until:
        return 0
    kept = 0 if priority in reserve.priorities else kept_back(use.limit, reserve)
    return max(0, use.left - kept)


def find_quota_reason(
    use: QuotaUse | None, priority: str, settings: GateSettings, at: datetime
) -> Reason | None:
    """Return why a quota closes this carrier: the provider said so, used up, or kept back."""
    if use is None or room_for(use, priority, settings.reserve, at):
        return None
    if use.closed_until is not None and at < use.closed_until:
        return Reason("quota_closed")
    if use.is_money:
        return Reason("budget_reserved" if use.left else "budget_used_up")
    if not use.left:
        return Reason("quota_used_up", {"limit": use.limit})
    return Reason("quota_reserved", {"left": use.left})


def next_boundary(uses: Iterable[QuotaUse], reserve: Reserve) -> int | None:
    """Return how many may be taken at once before the first of these quotas answers otherwise."""
    rooms = [
        room
        for use in uses
        for room in (use.left - kept_back(use.limit, reserve), use.left)
        if room > 0
    ]
    return min(rooms, default=None)
