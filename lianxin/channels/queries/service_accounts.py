"""Reads of the corp's customer service accounts."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from lianxin.channels.models import Account, ServiceAccount
from lianxin.channels.queries.groups import free_rows
from lianxin.channels.rules.service_accounts import AccountStanding, next_account_step
from lianxin.core.actor import Actor
from lianxin.core.errors import NotFoundError


def list_service_accounts(account: Account) -> list[ServiceAccount]:
    """List what is wanted or still there, by name."""
    rows = ServiceAccount.objects.filter(hospital_id=account.hospital_id, account=account)
    shown = rows.filter(Q(is_wanted=True) | Q(is_listed=True) | ~Q(asked_at=None))
    return list(shown.order_by("name", "id"))


def access_service_account(actor: Actor, account: Account, key: str) -> ServiceAccount:
    rows = ServiceAccount.objects.filter(hospital_id=actor.hospital_id, account=account, key=key)
    found = rows.select_related("account").first()
    if found is None:
        raise NotFoundError
    return found


def service_step(row: ServiceAccount) -> str:
    standing = AccountStanding(
        name=row.name,
        is_wanted=row.is_wanted,
        is_made=bool(row.open_kfid),
        is_listed=row.is_listed,
        listed_name=row.listed_name,
        is_asked_for=row.asked_at is not None,
    )
    return next_account_step(standing)


def list_service_accounts_to_keep(hospital_id: int, now: datetime) -> list[ServiceAccount]:
    """Return the accounts of which the provider knows something else than we want."""
    rows = free_rows(ServiceAccount, now).filter(hospital_id=hospital_id, account__is_active=True)
    unmade = Q(is_wanted=True, open_kfid="")
    unwanted = Q(is_wanted=False) & (Q(is_listed=True) | ~Q(asked_at=None))
    renamed = Q(is_wanted=True, is_listed=True, is_managed=True) & ~Q(name=F("listed_name"))
    return list(rows.filter(unmade | unwanted | renamed).order_by("id")[:50])


def list_connected(hospital_id: int) -> dict[str, Account]:
    """Return the channels that answer for customer service accounts, by the provider's id."""
    rows = Account.objects.of(hospital_id).filter(kind=Account.Kind.WECOM_KF)
    return {str(one.config.get("open_kfid", "")): one for one in rows}


def list_accounts_of_corp(hospital_id: int, account_id: int) -> list[Account]:
    """Return the channels of customer service that belong to the same corp as this account."""
    asked = Account.objects.of(hospital_id).filter(pk=account_id).first()
    corp_id = asked.config.get("corp_id") if asked else None
    rows = Account.objects.of(hospital_id).active().filter(kind=Account.Kind.WECOM_KF)
    return [one for one in rows.order_by("id") if one.config.get("corp_id") == corp_id]
