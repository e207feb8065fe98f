"""Reads of web chat: who writes where, and how much."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lianxin.channels.models import Account, Address, Arrival

# How the address of somebody begins whom nobody knows.
GUEST_PREFIX = "guest_"


def find_webchat_address(account: Account, address_ids: Iterable[int]) -> Address | None:
    """Return which of these addresses is one of this web chat."""
    rows = Address.objects.filter(hospital_id=account.hospital_id, account=account)
    rows = rows.filter(pk__in=list(address_ids), state=Address.State.ACTIVE)
    return rows.select_related("account").order_by("pk").first()


def count_written(address: Address, since: datetime) -> int:
    """Count the messages that came from one address since then."""
    rows = Arrival.objects.filter(hospital_id=address.hospital_id, address=address)
    return rows.filter(event="message.arrived", received_at__gt=since).count()


def count_guests(account: Account, since: datetime) -> int:
    """Count who came to this web chat for the first time since then."""
    rows = Address.objects.filter(hospital_id=account.hospital_id, account=account)
    return rows.filter(external_id__startswith=GUEST_PREFIX, added_at__gt=since).count()
