"""Decisions about staff-confirmed tasks: reminders, and what a result means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# The provider's own word that no reminder is left (41094).
REMINDERS_USED_UP = "reminders_used_up"
SENT, NOT_A_CONTACT, QUOTA_FULL = "sent", "not_a_contact", "quota_full"
# get_groupmsg_send_result, document 015/012: 0 unsent, 1 sent, 2 not a friend, 3 quota used up.
OUTCOMES = {1: SENT, 2: NOT_A_CONTACT, 3: QUOTA_FULL}


@dataclass(frozen=True)
class PastReminder:
    """One reminder of a task: when it was asked for, and why it was refused if it was."""

    asked_at: datetime
    reason: str = ""


def count_reminders_left(
    past: Sequence[PastReminder], now: datetime, *, most: int, period: timedelta
) -> int:
    """Return how many reminders of one task are left in the running period.

    One without an answer counts: the members may have been told. One that was refused does not,
    unless the provider refused it because none is left.
    """
    recent = [one for one in past if now - one.asked_at < period]
    if any(one.reason == REMINDERS_USED_UP for one in recent):
        return 0
    used = sum(1 for one in recent if one.reason in {"", "outcome_unknown"})
    return max(0, most - used)


def outcome_of(status: int) -> str:
    """Return what became of one share; empty while it is unsettled or said in an unknown way."""
    return OUTCOMES.get(status, "")
