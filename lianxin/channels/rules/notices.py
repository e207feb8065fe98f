"""When staff are told: not all at once, and not more than the platform lets through."""

from __future__ import annotations

from datetime import datetime, timedelta

# The platform asks to leave these minutes alone: every app sends then.
RUSH_MINUTES = (0, 30)


def calm_moment(now: datetime) -> datetime:
    """Return when something that can wait is to be sent: a minute later where everybody sends."""
    if now.minute not in RUSH_MINUTES:
        return now
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def is_full(sent_count: int, limit: int) -> bool:
    """Tell whether one more message to a member would be dropped without a word."""
    return sent_count >= limit
