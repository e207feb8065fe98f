"""What of the chat archive may be kept: after an answered yes of this pair, and nothing before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# What the ids of people outside the corp begin with.
OUTSIDE = ("wm", "wo")
# The provider's word for an answer, and ours. What we do not know is no yes.
STATES = {"Agree": "agreed", "Disagree": "refused", "Default_Agree": "assumed"}


@dataclass(frozen=True)
class Pair:
    """Who talks with whom, and who of both wrote."""

    staff_userid: str
    external_id: str
    is_from_staff: bool


def pair_of(sender: str, receivers: Sequence[str], group_id: str) -> Pair | None:
    """Return the one member and the one contact; None for groups and talks among staff."""
    if group_id or len(receivers) != 1 or not sender:
        return None
    to = receivers[0]
    is_from_staff = not sender.startswith(OUTSIDE)
    if is_from_staff == (not to.startswith(OUTSIDE)) or not to:
        return None
    return Pair(sender, to, True) if is_from_staff else Pair(to, sender, False)


def may_keep(state: str, agreed_at: datetime | None, sent_at: datetime) -> bool:
    """Tell whether it may be kept. The yes comes in whole seconds: of its second, nothing is."""
    if state != "agreed" or agreed_at is None:
        return False
    return int(sent_at.timestamp()) > int(agreed_at.timestamp())


def find_loss(
    read_until: datetime | None, now: datetime, kept_for: timedelta
) -> tuple[datetime, datetime] | None:
    """Return from when to when the provider has deleted what nobody had read; None: nothing."""
    oldest = now - kept_for
    if read_until is None or read_until >= oldest:
        return None
    return read_until, oldest
