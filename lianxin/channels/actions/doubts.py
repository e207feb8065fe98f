"""Doubts: what the provider says by the way about people who left without our hearing.

A lost callback never comes again, and a person who deleted a member stays in the member's list.
The result of a mass task and the refusal of a mark tell all the same: the contact is looked at
anew, and the look and the doubt together say what has ended, and by whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lianxin.channels.models import Address, Relation
from lianxin.core import time


def doubt_relations(
    address_ids: Iterable[int], staff_userid: str, doubt: Relation.Doubt, *, at: datetime
) -> None:
    """Have these people's relations to one member looked at. Half ones are no friends anyway."""
    now = time.now()
    since = min(at, now)
    rows = Relation.objects.filter(
        address_id__in=list(address_ids),
        staff_userid=staff_userid,
        state=Relation.State.ACTIVE,
        added_at__lte=since,
    )
    doubted = list(rows.values_list("address_id", flat=True))
    rows.update(doubted_at=since, doubt=doubt)
    Address.objects.filter(pk__in=doubted).update(read_due_at=now)
