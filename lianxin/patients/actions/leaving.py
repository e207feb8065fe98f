"""Somebody is gone from every account: what the platform gave of them goes, too."""

from __future__ import annotations

from django.db import transaction

from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.patients.models import Holder, HolderSession, HolderTag, Holding


@transaction.atomic
def forget_holder(holder: Holder, *, by: Actor) -> None:
    """Close every door to somebody who never was a patient; the caller destroys the keys."""
    HolderSession.objects.filter(holder=holder).delete()
    HolderTag.objects.filter(holder=holder).delete()
    pending = Holding.objects.filter(holder=holder).exclude(state=Holding.State.ENDED)
    pending.update(state=Holding.State.ENDED, ended_at=time.now())
    Holder.objects.filter(pk=holder.pk).update(
        nickname_sealed=b"", current_patient=None, is_active=False
    )
    events.record(
        "holder.forgotten",
        hospital_id=holder.hospital_id,
        subject="holder",
        subject_id=holder.pk,
        by=by,
    )


def forget_nickname(holder: Holder) -> None:
    """Forget the name the platform showed of somebody whose record stays."""
    Holder.objects.filter(pk=holder.pk).update(nickname_sealed=b"")
