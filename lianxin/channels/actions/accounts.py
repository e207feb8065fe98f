"""Accounts and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from lianxin.channels import facts, sealing
from lianxin.channels.models import AccessToken, Account, AccountRoute
from lianxin.core import events, keys, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError


@transaction.atomic
def open_account(
    hospital_id: int,
    kind: str,
    name: str,
    *,
    config: Mapping[str, Any],
    secrets: Mapping[str, str],
    base_url: str,
    by: Actor,
    key: str = "",
) -> Account:
    """Open an account and the route that leads its callbacks to this hospital."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    account = Account(
        hospital_id=hospital_id,
        kind=kind,
        name=name,
        config=dict(config),
        base_url=base_url,
        secrets_sealed=sealing.seal_json(hospital_id, dict(secrets), field=sealing.SECRETS_FIELD),
    )
    if key:
        account.key = key
    account.save()
    AccountRoute.objects.create(
        key=account.key, kind=kind, hospital_id=hospital_id, account_id=account.pk
    )
    AccessToken.objects.create(hospital_id=hospital_id, account=account)
    record(account, "account.opened", by)
    return account


@transaction.atomic
def change_account(
    account: Account,
    *,
    name: str,
    config: Mapping[str, Any],
    secrets: Mapping[str, str],
    base_url: str,
    is_active: bool,
    by: Actor,
) -> Account:
    """Change an account. An empty secret keeps the one we have; the token is forgotten."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    kept = sealing.open_json(
        account.hospital_id, bytes(account.secrets_sealed), field=sealing.SECRETS_FIELD
    )
    given = {field: value for field, value in secrets.items() if value}
    account.name, account.base_url, account.is_active = name, base_url, is_active
    account.config = {**account.config, **config}
    account.secrets_sealed = sealing.seal_json(
        account.hospital_id, kept | given, field=sealing.SECRETS_FIELD
    )
    account.save()
    AccessToken.objects.filter(account=account).update(token_sealed=b"", expires_at=None)
    record(account, "account.changed", by)
    return account


@transaction.atomic
def request_check(account: Account, *, by: Actor) -> None:
    """Ask the worker to try the account; the page shows the answer when it is there."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    Account.objects.filter(pk=account.pk).update(check_requested_at=time.now())
    record(account, "account.check_requested", by)


def settle_check(account_id: int, reason: str) -> None:
    """Store what the try found out; an empty reason means that it works."""
    health = Account.Health.FAILING if reason else Account.Health.WORKING
    Account.objects.filter(pk=account_id).update(
        health=health, health_reason=reason, checked_at=time.now(), check_requested_at=None
    )


def record(account: Account, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.pk,
        by=by,
        data={"kind": account.kind},
    )


# ---- tokens -------------------------------------------------------------------------------


def claim_refresh(hospital_id: int, account_id: int) -> datetime | None:
    """Take the lease to refresh the token; None while another process holds it.

    None too when the token is fresh: somebody may have refreshed it since the caller looked.
    """
    now = time.now()
    until = now + facts.seconds("token_lease_seconds")
    free = Q(refreshing_until=None) | Q(refreshing_until__lte=now)
    stale = Q(token_sealed=b"") | Q(expires_at=None) | Q(expires_at__lte=now)
    rows = AccessToken.objects.filter(free, stale, hospital_id=hospital_id, account_id=account_id)
    return until if rows.update(refreshing_until=until) else None


def settle_token(
    hospital_id: int, account_id: int, value: str, expires_at: datetime | None
) -> None:
    """Store a fetched token and give the lease back; an empty value only gives it back."""
    changes: dict[str, Any] = {"refreshing_until": None}
    if value:
        sealed = keys.hospital_seal(hospital_id, value, field=sealing.TOKEN_FIELD)
        changes |= {"token_sealed": sealed, "expires_at": expires_at}
    AccessToken.objects.filter(hospital_id=hospital_id, account_id=account_id).update(**changes)


def drop_token(hospital_id: int, account_id: int, sealed: bytes) -> None:
    """Forget a token the provider refused, unless somebody has replaced it already."""
    AccessToken.objects.filter(
        hospital_id=hospital_id, account_id=account_id, token_sealed=sealed
    ).update(token_sealed=b"", expires_at=None)
