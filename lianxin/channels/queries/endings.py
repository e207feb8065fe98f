"""How an address came to its end: since when, by whose hand, and with whom of the staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from lianxin.channels.models import Account, Address, Relation


@dataclass(frozen=True)
class Ending:
    """One end. `by` is the provider's word as the callback told it; it may be unknown."""

    account_kind: str
    at: datetime
    by: str = ""
    staff_name: str = ""


def endings_of(hospital_id: int, address_ids: Collection[int]) -> dict[int, list[Ending]]:
    """Return how each address ended, the latest first; in WeCom one for each member."""
    found: dict[int, list[Ending]] = {}
    if not address_ids:
        return found
    relations = (
        Relation.objects.filter(hospital_id=hospital_id, address_id__any_of=address_ids)
        .filter(state=Relation.State.REMOVED)
        .order_by("-removed_at", "-pk")
        .values_list("address_id", "removed_at", "removed_by", "staff__name")
    )
    for address_id, at, by, name in relations:
        if at is not None:
            ending = Ending(Account.Kind.WECOM, at, by, name or "")
            found.setdefault(address_id, []).append(ending)
    others = (
        Address.objects.filter(hospital_id=hospital_id, pk__any_of=address_ids)
        .filter(state=Address.State.REMOVED)
        .exclude(account__kind=Account.Kind.WECOM)
        .values_list("pk", "account__kind", "removed_at")
    )
    for address_id, kind, at in others:
        if at is not None:
            found[address_id] = [Ending(kind, at)]
    return found
