"""Reads of callbacks and of what they became."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from lianxin.channels import sealing
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import (
    Arrival,
    Callback,
)
from lianxin.core.keys import Keyring

# The fields of an arrival that are sealed; the rest are columns.
PAYLOAD_FIELDS = (
    "staff_userid",
    "state",
    "welcome_code",
    "text",
    "media_id",
    "provider_message_id",
    "status",
    "reason",
    "template_id",
    "union_id",
    "menu_id",
)


def list_received(hospital_id: int, ids: Sequence[int]) -> list[Callback]:
    """Return, locked, the callbacks among `ids` that nobody translates yet, oldest first."""
    rows = Callback.objects.filter(
        hospital_id=hospital_id, pk__in=ids, state=Callback.State.RECEIVED
    )
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    return list(locked.select_related("account").order_by("id"))


def list_left_behind(hospital_id: int, before: datetime) -> list[int]:
    """Return callbacks that have waited since before `before`: their job was lost."""
    rows = Callback.objects.filter(
        hospital_id=hospital_id, state=Callback.State.RECEIVED, received_at__lt=before
    )
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:500])


def open_arrivals(hospital_id: int, ids: Iterable[int]) -> list[Inbound]:
    """Return arrivals as they came, opened, in the order they happened."""
    rows = list(
        Arrival.objects.filter(hospital_id=hospital_id, pk__in=list(ids))
        .select_related("account", "address")
        .order_by("occurred_at", "id")
    )
    subjects = [(sealing.ADDRESS, row.address_id) for row in rows if row.address_id is not None]
    ring = Keyring.load(hospital_id, subjects)
    return [as_inbound(ring, row) for row in rows]


def as_inbound(ring: Keyring, row: Arrival) -> Inbound:
    payload = sealing.open_payload(ring, row.hospital_id, row.address_id, bytes(row.payload_sealed))
    sealed: dict[str, Any] = {name: str(payload.get(name, "")) for name in PAYLOAD_FIELDS}
    return Inbound(
        event=row.event,
        arrival_key=row.arrival_key,
        occurred_at=row.occurred_at,
        kind=row.kind,
        external_id=row.address.external_id if row.address else "",
        raw=payload.get("raw", {}),
        arrival_id=row.pk,
        account_id=row.account_id,
        account_kind=row.account.kind,
        address_id=row.address_id or 0,
        **sealed,
    )
