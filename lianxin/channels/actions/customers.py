"""Who writes to customer service, as the provider names them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from lianxin.channels import queries
from lianxin.channels.actions.addresses import settle_identity
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.wecom_kf.customers import Customer
from lianxin.channels.models import Address


@transaction.atomic
def settle_customers(
    account: AccountFacts,
    addresses: Sequence[Address],
    customers: Sequence[Customer],
    *,
    read_at: datetime,
) -> None:
    """Keep what a look at some people showed; one asked for again meanwhile stays due.

    Of whom nothing was told is asked again when they write again.
    """
    told = {one.external_id: one for one in customers}
    for address in addresses:
        rows = Address.objects.filter(pk=address.pk)
        rows.filter(read_due_at=address.read_due_at).update(read_due_at=None)
        customer = told.get(address.external_id)
        if customer is None:
            continue
        settle_identity(address, customer.union_id)
        note_way(address, customer.state)
        if customer.nickname:
            take_in(account, [as_named(customer, read_at)])


def note_way(address: Address, state: str) -> None:
    """Remember by which link somebody came whose entry was never told."""
    code = queries.find_by_state(address.hospital_id, state)
    if code is not None:
        Address.objects.filter(pk=address.pk, live_code=None).update(live_code=code)


def as_named(customer: Customer, read_at: datetime) -> Inbound:
    return Inbound(
        event="address.named",
        arrival_key=f"name:{customer.external_id}:{int(read_at.timestamp())}",
        occurred_at=read_at,
        kind="name",
        external_id=customer.external_id,
        text=customer.nickname,
    )
