"""Reads of addresses, relations and what each still allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from lianxin.channels.models import (
    Address,
    Relation,
    TickCount,
)


@dataclass(frozen=True)
class Reach:
    """What an address still allows, as far as we know it. The gate above decides."""

    address_id: int
    account_id: int
    account_kind: str
    external_id: str
    is_active: bool
    last_inbound_at: datetime | None
    sent_since_inbound_count: int
    session_state: int
    # WeCom members this person is a full contact of; half contacts cannot be reached.
    staff_userids: tuple[str, ...] = ()


def find_address(hospital_id: int, address_id: int) -> Address | None:
    rows = Address.objects.filter(hospital_id=hospital_id, pk=address_id)
    return rows.select_related("account", "live_code").first()


def find_address_by_external(hospital_id: int, account_id: int, external_id: str) -> Address | None:
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return rows.filter(external_id=external_id).first()


def find_known_ids(hospital_id: int, account_id: int, external_ids: Iterable[str]) -> set[str]:
    """Return which of these are known at the account, standing or not."""
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    found = rows.filter(external_id__in=list(external_ids))
    return set(found.values_list("external_id", flat=True))


def list_addresses(hospital_id: int, ids: Iterable[int]) -> QuerySet[Address]:
    rows = Address.objects.filter(hospital_id=hospital_id, pk__in=list(ids))
    return rows.select_related("account").order_by("id")


def count_ticks(hospital_id: int, address_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """Return how many reminders each person has said yes to, by address and template."""
    rows = TickCount.objects.filter(
        hospital_id=hospital_id, address_id__in=list(address_ids), is_switched_off=False
    )
    found = rows.values_list("address_id", "template_id", "left_count")
    return {(address_id, template_id): left for address_id, template_id, left in found}


def list_by_union_id(hospital_id: int, union_id: str) -> QuerySet[Address]:
    """Return the addresses of one WeChat person; none without a union id."""
    rows = Address.objects.filter(hospital_id=hospital_id, union_id=union_id)
    return rows.order_by("id") if union_id else rows.none()


def list_same_person(hospital_id: int, address: Address) -> QuerySet[Address]:
    """Return the other addresses that surely belong to the same person.

    The same union id, or the same external id at another account of the same corp.
    """
    same = Q(external_id=address.external_id)
    if address.union_id:
        same |= Q(union_id=address.union_id)
    rows = Address.objects.filter(same, hospital_id=hospital_id).exclude(pk=address.pk)
    return rows.order_by("id")


def reach_of(hospital_id: int, address_ids: Iterable[int]) -> dict[int, Reach]:
    """Return what each address allows: two queries, however many addresses."""
    rows = list(list_addresses(hospital_id, address_ids))
    members: dict[int, list[str]] = {}
    relations = Relation.objects.filter(
        hospital_id=hospital_id,
        address_id__in=[row.pk for row in rows],
        state=Relation.State.ACTIVE,
    )
    for address_id, userid in relations.order_by("added_at").values_list(
        "address_id", "staff_userid"
    ):
        members.setdefault(address_id, []).append(userid)
    return {row.pk: as_reach(row, tuple(members.get(row.pk, ()))) for row in rows}


def as_reach(row: Address, userids: tuple[str, ...]) -> Reach:
    return Reach(
        address_id=row.pk,
        account_id=row.account_id,
        account_kind=row.account.kind,
        external_id=row.external_id,
        is_active=row.state == Address.State.ACTIVE and row.account.is_active,
        last_inbound_at=row.last_inbound_at,
        sent_since_inbound_count=row.sent_since_inbound_count,
        session_state=row.session_state,
        staff_userids=userids,
    )


def list_contacts_to_read(hospital_id: int, account_id: int, limit: int = 50) -> list[Address]:
    """Return the contacts that are to be looked at on their own, who waits longest first."""
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return list(rows.exclude(read_due_at=None).order_by("read_due_at", "id")[:limit])


def count_contacts_to_read(hospital_id: int, account_id: int) -> int:
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return rows.exclude(read_due_at=None).count()


def list_unidentified(hospital_id: int, account_id: int, limit: int = 50) -> list[Address]:
    """Return the newest addresses whose union id nobody asked for yet."""
    rows = Address.objects.filter(
        hospital_id=hospital_id,
        account_id=account_id,
        union_id="",
        union_asked_at=None,
        state=Address.State.ACTIVE,
    )
    return list(rows.order_by("-added_at")[:limit])
