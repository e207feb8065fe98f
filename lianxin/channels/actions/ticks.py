"""Ticks: a person's yes to one reminder of one kind, counted, spent once, given back if unused."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Address, TickCount
from lianxin.channels.queries.subscribe_templates import find_lasting
from lianxin.core.rows import update_rows

# Address and template.
Place = tuple[int, str]


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
            left_count=F("left_count") + 1, is_switched_off=False, is_denied=False
        )
    elif inbound.kind == "change":
        rows = TickCount.objects.filter(address=address, template_id=inbound.template_id)
        rows.update(is_switched_off=True)


@transaction.atomic
def spend_ticks(hospital_id: int, wanted: Mapping[Place, int]) -> dict[Place, int]:
    """Take ticks for messages about to be sent; returns how many there were for each place.

    The rows are locked in one order, so that two workers wait for each other and never for ever.
    A yes to a long-term template must be there, and stays.
    """
    lasting = find_lasting(hospital_id, (template_id for _address_id, template_id in wanted))
    rows = TickCount.objects.filter(
        hospital_id=hospital_id,
        address_id__in={address_id for address_id, _template_id in wanted},
        left_count__gt=0,
        is_switched_off=False,
    )
    given: dict[Place, int] = {}
    taken: list[TickCount] = []
    for row in rows.select_for_update(no_key=True).order_by("pk"):
        place = (row.address_id, row.template_id)
        if place in wanted and row.template_id in lasting:
            given[place] = wanted[place]
        elif place in wanted:
            given[place] = min(row.left_count, wanted[place])
            row.left_count -= given[place]
            taken.append(row)
    update_rows(taken, ("left_count",))
    return given


def return_tick(hospital_id: int, address_id: int, template_id: str) -> None:
    """Give back a tick whose message the provider did not take."""
    if find_lasting(hospital_id, [template_id]):
        return
    rows = TickCount.objects.filter(
        hospital_id=hospital_id, address_id=address_id, template_id=template_id
    )
    rows.update(left_count=F("left_count") + 1)


def forget_ticks(hospital_id: int, address_id: int, template_id: str) -> None:
    """Believe the provider when it says that no tick is left."""
    rows = TickCount.objects.filter(
        hospital_id=hospital_id, address_id=address_id, template_id=template_id
    )
    rows.update(left_count=0, is_denied=True)
