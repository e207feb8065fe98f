"""Reads of the runs over the provider's lists, and of what they compare with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from lianxin.channels import rules
from lianxin.channels.models import Address, ContactSync, Relation
from lianxin.channels.rules import Pair


def find_sync(hospital_id: int, sync_id: int) -> ContactSync | None:
    rows = ContactSync.objects.filter(hospital_id=hospital_id, pk=sync_id)
    return rows.select_related("account").first()


def find_open_sync(hospital_id: int, account_id: int) -> ContactSync | None:
    rows = ContactSync.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return rows.filter(state__in=ContactSync.OPEN).first()


def find_last_sync(hospital_id: int, account_id: int) -> ContactSync | None:
    """Return the run that is open, else the latest one."""
    rows = ContactSync.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return rows.order_by("-created_at", "-id").first()


def list_syncs_to_run(hospital_id: int, now: datetime) -> list[int]:
    """Return the open runs that no worker holds and that may be tried now."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = ContactSync.objects.filter(
        free, due, hospital_id=hospital_id, state__in=ContactSync.OPEN, account__is_active=True
    )
    return list(rows.order_by("id").values_list("pk", flat=True))


class ListedRelation(NamedTuple):
    """What a list can tell something new about. No model: lists are long."""

    relation_id: int
    address_id: int
    staff_userid: str
    external_id: str
    union_id: str
    kept_out_count: int
    state: str
    removed_by: str
    removed_at: datetime | None

    @property
    def known(self) -> rules.KnownRelation:
        return rules.KnownRelation(self.state, self.removed_by, self.removed_at)


class Known(NamedTuple):
    """What we know of some people: that they have an address at all, and who knows them."""

    external_ids: frozenset[str]
    relations: dict[Pair, ListedRelation]


def find_known(hospital_id: int, account_id: int, pairs: Iterable[Pair]) -> Known:
    """Return what we know of these pairs: one query."""
    wanted = set(pairs)
    rows = Address.objects.filter(
        hospital_id=hospital_id,
        account_id=account_id,
        external_id__in={external_id for _userid, external_id in wanted},
    )
    values = rows.values_list(
        "relations__id",
        "id",
        "relations__staff_userid",
        "external_id",
        "union_id",
        "relations__kept_out_count",
        "relations__state",
        "relations__removed_by",
        "relations__removed_at",
    )
    listed = [ListedRelation(*value) for value in values]
    # Somebody nobody knows any more is one line without a relation.
    found = {(row.staff_userid, row.external_id): row for row in listed if row.relation_id}
    return Known(
        frozenset(row.external_id for row in listed),
        {pair: row for pair, row in found.items() if pair in wanted},
    )


def list_lost(
    hospital_id: int, account_id: int, userids: Sequence[str], since: datetime
) -> QuerySet[Relation]:
    """Return the standing relations of these members that the list did not have since then."""
    unlisted = Q(listed_at=None) | Q(listed_at__lt=since)
    rows = Relation.objects.filter(
        unlisted,
        hospital_id=hospital_id,
        address__account_id=account_id,
        staff_userid__in=userids,
        added_at__lt=since,
    )
    standing = rows.exclude(state=Relation.State.REMOVED)
    return standing.select_related("address").order_by("id")
