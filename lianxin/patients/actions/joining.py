"""Two holders turn out to be one WeChat: the provider told the union id later than the contact."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, Q

from lianxin.channels import queries as channels
from lianxin.core import events
from lianxin.core.actor import Actor
from lianxin.patients.actions.arrival import (
    end_guest_sessions,
    lock_addresses,
    receive_contact,
)
from lianxin.patients.models import Holder, HolderAddress, HolderSession, Holding


@transaction.atomic
def join_holders(hospital_id: int, address_id: int, *, by: Actor) -> Holder:
    """Make one holder of all who share the address's person. May run twice.

    The one who is verified for most patients stays, else the one who came first.
    """
    address = lock_addresses(hospital_id, address_id)
    same = channels.list_same_person(hospital_id, address).values_list("pk", flat=True)
    links = HolderAddress.objects.filter(
        hospital_id=hospital_id, address_id__in=[address.pk, *same]
    )
    verified = Count("holdings", filter=Q(holdings__state=Holding.State.VERIFIED))
    holders = list(
        Holder.objects.filter(pk__in=links.values("holder_id"), is_active=True)
        .annotate(verified_count=verified)
        .order_by("-verified_count", "pk")
    )
    if not holders:
        return receive_contact(hospital_id, address_id, by=by)
    keep, *others = holders
    for other in others:
        join(keep, other, by=by)
    return keep


def join(keep: Holder, other: Holder, *, by: Actor) -> None:
    """Move everything that `keep` has not yet; `other` stays as an empty, inactive row."""
    held = Holding.objects.filter(holder=keep).values("patient_id")
    Holding.objects.filter(holder=other).exclude(patient_id__in=held).update(holder=keep)
    HolderAddress.objects.filter(holder=other).update(holder=keep)
    # A guest's window shows one talk; it does not grow to show that of somebody else.
    end_guest_sessions(other.pk)
    HolderSession.objects.filter(holder=other).update(holder=keep)
    if keep.current_patient_id is None:
        Holder.objects.filter(pk=keep.pk).update(current_patient_id=other.current_patient_id)
    Holder.objects.filter(pk=other.pk).update(is_active=False, current_patient=None)
    events.record(
        "holder.joined",
        hospital_id=keep.hospital_id,
        subject="holder",
        subject_id=keep.pk,
        by=by,
        data={"joined_id": other.pk},
    )
