"""Ticks: a person's yes to one reminder of one kind, counted, spent once, given back if unused."""

from __future__ import annotations

from django.db.models import F

from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Address, TickCount


def note_answer(address: Address, inbound: Inbound) -> None:
    """Count an accepted reminder, or remember that this kind was switched off.

    Called once for each answer: the arrival's key has seen to that.
    """
    if inbound.status == "accept":
        count, _is_new = TickCount.objects.get_or_create(
            address=address,
            template_id=inbound.template_id,
            defaults={"hospital_id": address.hospital_id},
        )
        TickCount.objects.filter(pk=count.pk).update(
            left_count=F("left_count") + 1, is_switched_off=False
        )
    elif inbound.kind == "change":
        rows = TickCount.objects.filter(address=address, template_id=inbound.template_id)
        rows.update(is_switched_off=True)


def spend_tick(hospital_id: int, address_id: int, template_id: str) -> bool:
    """Take one tick for a message about to be sent; False when none is left."""
    rows = TickCount.objects.filter(
        hospital_id=hospital_id,
        address_id=address_id,
        template_id=template_id,
        left_count__gt=0,
        is_switched_off=False,
    )
    return bool(rows.update(left_count=F("left_count") - 1))


def return_tick(hospital_id: int, address_id: int, template_id: str) -> None:
    """Give back a tick whose message the provider did not take."""
    rows = TickCount.objects.filter(
        hospital_id=hospital_id, address_id=address_id, template_id=template_id
    )
    rows.update(left_count=F("left_count") + 1)


def forget_ticks(hospital_id: int, address_id: int, template_id: str) -> None:
    """Believe the provider when it says that no tick is left."""
    rows = TickCount.objects.filter(
        hospital_id=hospital_id, address_id=address_id, template_id=template_id
    )
    rows.update(left_count=0)
