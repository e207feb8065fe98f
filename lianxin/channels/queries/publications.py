"""Articles of Official Accounts: those of one text, and those that wait."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from lianxin.channels.models import Account, Publication
from lianxin.core.actor import Actor
from lianxin.core.errors import NotFoundError


def list_publications(hospital_id: int, item_key: str) -> list[Publication]:
    rows = Publication.objects.filter(hospital_id=hospital_id, item_key=item_key)
    return list(rows.select_related("account").order_by("-pk"))


def access_publication(actor: Actor, item_key: str, publication_id: int) -> Publication:
    rows = Publication.objects.filter(hospital_id=actor.hospital_id, item_key=item_key)
    found = rows.filter(pk=publication_id).first()
    if found is None:
        raise NotFoundError
    return found


def list_official_accounts(hospital_id: int) -> list[Account]:
    """List the Official Accounts an article can go to."""
    rows = Account.objects.filter(hospital_id=hospital_id, is_active=True)
    return list(rows.filter(kind=Account.Kind.OFFICIAL_ACCOUNT).order_by("pk"))


def list_publications_to_keep(hospital_id: int, now: datetime) -> list[int]:
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    states = ("waiting", "drafted", "submitting", "examining", "removing")
    rows = Publication.objects.filter(due, hospital_id=hospital_id, account__is_active=True)
    return list(rows.filter(state__in=states).order_by("pk").values_list("pk", flat=True))
