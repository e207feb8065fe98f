"""Those who hold a phone get another responsible colleague."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from lianxin.core import events
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError
from lianxin.patients.models import Holder, HolderAddress
from lianxin.staff.models import Staff


@transaction.atomic
def hand_over_holders(leaver: Staff, taker: Staff | None, *, by: Actor) -> int:
    """Name the taker, or nobody, as the one behind everybody who came to the leaver."""
    if not by.may("handover.manage"):
        raise ForbiddenError
    rows = Holder.objects.filter(hospital_id=leaver.hospital_id, staff=leaver)
    ids = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    Holder.objects.filter(pk__in=ids).update(staff=taker)
    tell(leaver.hospital_id, dict.fromkeys(ids, taker.pk if taker else None), by)
    return len(ids)


@transaction.atomic
def follow_transfers(hospital_id: int, taker_by_address: Mapping[int, int], *, by: Actor) -> None:
    """Name who took a contact over as the one behind its holder. May run twice."""
    rows = HolderAddress.objects.filter(
        hospital_id=hospital_id, address_id__in=list(taker_by_address)
    )
    moved: dict[int, int | None] = {}
    for holder_id, address_id in rows.values_list("holder_id", "address_id"):
        taker_id = taker_by_address[address_id]
        other = Holder.objects.filter(pk=holder_id).exclude(staff_id=taker_id)
        if other.update(staff_id=taker_id):
            moved[holder_id] = taker_id
    tell(hospital_id, moved, by)


def tell(hospital_id: int, taker_by_holder: Mapping[int, int | None], by: Actor) -> None:
    events.record_many(
        [
            events.Entry(
                name="holder.handed_over",
                hospital_id=hospital_id,
                subject="holder",
                subject_id=holder_id,
                by_kind=by.kind,
                by_id=by.id,
                data={"staff_id": taker_id},
            )
            for holder_id, taker_id in taker_by_holder.items()
        ]
    )
