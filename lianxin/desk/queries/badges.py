"""The numbers beside the navigation: one query each, only what the role may see."""

from __future__ import annotations

from lianxin.conversations.queries import count_waiting
from lianxin.health.models import Alert
from lianxin.staff.models import Staff
from lianxin.web.navigation import Badge


def count_badges(staff: Staff) -> dict[str, Badge]:
    """Count what Today's first sentence counts, and the conversations that wait."""
    badges: dict[str, Badge] = {}
    waiting, in_danger = count_waiting(staff)
    if staff.may("message.read"):
        badges["inbox"] = Badge(waiting, is_danger=in_danger > 0)
    if staff.may("alert.read"):
        live = Alert.objects.of(staff.hospital_id).filter(state=Alert.State.OPEN)
        reds = live.filter(level=Alert.Level.RED).count()
        badges["today"] = Badge(reds + in_danger, is_danger=True)
    return badges
