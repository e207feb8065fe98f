"""Who serves a customer service account, and which changes of sessions wait."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from lianxin.channels import facts
from lianxin.channels.models import Account, Address, Servicer, SessionRequest
from lianxin.core.actor import Actor
from lianxin.core.errors import NotFoundError


def list_servicers(account: Account) -> list[Servicer]:
    """List who is wanted or still listed."""
    rows = Servicer.objects.filter(hospital_id=account.hospital_id, account=account)
    return list(rows.filter(Q(is_wanted=True) | Q(is_listed=True)).order_by("userid"))


def list_receiving(account: Account) -> list[Servicer]:
    """List to whom a session can be given now."""
    return [one for one in list_servicers(account) if one.is_listed and not one.is_paused]


def access_servicer(actor: Actor, account: Account, key: str) -> Servicer:
    rows = Servicer.objects.filter(hospital_id=actor.hospital_id, account=account, key=key)
    found = rows.select_related("account").first()
    if found is None:
        raise NotFoundError
    return found


def list_servicer_accounts(hospital_id: int, now: datetime) -> list[int]:
    """Return the accounts whose provider is to hear of a change of servicers."""
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = Servicer.objects.filter(due, hospital_id=hospital_id, account__is_active=True)
    changed = rows.exclude(is_wanted=F("is_listed"))
    return sorted(set(changed.values_list("account_id", flat=True)))


def list_left_requests(hospital_id: int, now: datetime) -> list[int]:
    """Return requests whose job was lost."""
    before = now - facts.seconds("kf_request_seconds")
    rows = SessionRequest.objects.filter(hospital_id=hospital_id, created_at__lt=before)
    waiting = Q(state=SessionRequest.State.WAITING)
    abandoned = Q(state=SessionRequest.State.CLAIMED, claimed_at__lt=before)
    return list(rows.filter(waiting | abandoned).order_by("pk").values_list("pk", flat=True)[:100])


def find_newest_request(address: Address) -> SessionRequest | None:
    """Return what staff asked for last, unless the patient has written since."""
    rows = SessionRequest.objects.filter(hospital_id=address.hospital_id, address=address)
    if address.last_inbound_at is not None:
        rows = rows.filter(created_at__gte=address.last_inbound_at)
    return rows.order_by("-created_at").first()
