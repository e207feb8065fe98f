"""The numbers beside the navigation: one query each, only what the role may see."""

from __future__ import annotations

from lianxin.conversations.queries import count_waiting
from lianxin.health.queries.alerts import alert_counts
from lianxin.staff.models import Staff
from lianxin.web.navigation import Badge


def count_badges(staff: Staff) -> dict[str, Badge]:
    badges: dict[str, Badge] = {}
    if staff.may("alert.read"):
        reds = alert_counts(staff.hospital_id).get("red", 0)
        badges["today"] = Badge(reds, is_danger=True)
    if staff.may("message.read"):
        waiting, danger = count_waiting(staff)
        badges["inbox"] = Badge(waiting, is_danger=danger > 0)
    return badges
