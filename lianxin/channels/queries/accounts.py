"""Reads of accounts and their tokens."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from lianxin.channels import sealing
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.models import AccessToken, Account
from lianxin.channels.models.accounts import AccountQuerySet
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError


def list_accounts(hospital_id: int) -> AccountQuerySet:
    return Account.objects.of(hospital_id).order_by("kind", "name", "id")


def access_account(actor: Actor, key: str) -> Account:
    account = list_accounts(actor.hospital_id).filter(key=key).first()
    if account is None:
        raise NotFoundError
    if not actor.may("channel.read"):
        raise ForbiddenError
    return account


def find_account(hospital_id: int, account_id: int) -> Account | None:
    return Account.objects.of(hospital_id).filter(pk=account_id).first()


def find_account_of_kind(hospital_id: int, kind: str) -> Account | None:
    """Return the hospital's active account of a kind, the oldest when there are several."""
    return Account.objects.of(hospital_id).active().filter(kind=kind).order_by("id").first()


def find_kf_account(hospital_id: int, open_kfid: str) -> Account | None:
    rows = Account.objects.of(hospital_id).active().filter(kind=Account.Kind.WECOM_KF)
    return next((row for row in rows if row.config.get("open_kfid") == open_kfid), None)


def list_accounts_to_check(hospital_id: int) -> QuerySet[Account]:
    return Account.objects.of(hospital_id).active().exclude(check_requested_at=None)


def list_accounts_to_reconcile(hospital_id: int, now: datetime) -> list[Account]:
    """Return the accounts with a list to compare, whose last comparison is too old."""
    before = now - timedelta(seconds=settings.RECONCILE_SECONDS)
    due = Q(reconciled_at=None) | Q(reconciled_at__lte=before)
    kinds = [Account.Kind.WECOM, Account.Kind.WECOM_KF]
    return list(Account.objects.of(hospital_id).active().filter(due, kind__in=kinds))


def facts_of(account: Account) -> AccountFacts:
    """Return what the adapters need, secrets opened. Never log it, never keep it."""
    return AccountFacts(
        id=account.pk,
        hospital_id=account.hospital_id,
        key=account.key,
        kind=account.kind,
        base_url=account.base_url,
        config=account.config,
        secrets=sealing.open_json(
            account.hospital_id, bytes(account.secrets_sealed), field=sealing.SECRETS_FIELD
        ),
    )


def account_facts(hospital_id: int, account_id: int) -> AccountFacts | None:
    account = find_account(hospital_id, account_id)
    return facts_of(account) if account and account.is_active else None


def find_token(hospital_id: int, account_id: int) -> AccessToken | None:
    return AccessToken.objects.filter(hospital_id=hospital_id, account_id=account_id).first()
