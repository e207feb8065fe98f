"""Reads of accounts and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q, QuerySet

from lianxin.channels import facts, rules, sealing
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.checking import (
    CALLBACK,
    FAILING,
    OK,
    ORIGIN,
    UNKNOWN,
    Finding,
)
from lianxin.channels.models import AccessToken, Account, AccountRoute
from lianxin.channels.models.accounts import AccountQuerySet
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.scope import scope

# The provider verifies the address when it is saved there.
VERIFIES = frozenset({"wecom", "wecom_kf", "official_account", "mini_program"})
HAS_CALLBACK = VERIFIES | {"voice"}
# Their messages carry links to our pages, or are such a page.
OPENS_PAGES = VERIFIES | {"webchat"}
# By what an account is known at its provider.
IDENTITY = {
    "wecom": ("corp_id", "agent_id"),
    "wecom_kf": ("open_kfid",),
    "official_account": ("app_id",),
    "mini_program": ("app_id",),
    "webchat": (),
    "sms": ("sdk_app_id", "sign_name"),
    "voice": ("voice_app_id",),
}


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


def find_open_account(kind: str, key: str) -> Account | None:
    """Return the account behind a key that stands in a public address; needs no scope."""
    route = AccountRoute.objects.filter(key=key, kind=kind).first()
    if route is None:
        return None
    with scope(route.hospital_id):
        rows = Account.objects.of(route.hospital_id).active().select_related("hospital")
        return rows.filter(pk=route.account_id).first()


def find_kf_account(hospital_id: int, open_kfid: str) -> Account | None:
    rows = Account.objects.of(hospital_id).active().filter(kind=Account.Kind.WECOM_KF)
    return next((row for row in rows if row.config.get("open_kfid") == open_kfid), None)


def is_key_taken(hospital_id: int, key: str) -> bool:
    return Account.objects.of(hospital_id).filter(key=key).exists()


def find_double(hospital_id: int, kind: str, config: Mapping[str, str]) -> Account | None:
    """Return the account that is this one at its provider already, None when there is none."""
    rows = Account.objects.of(hospital_id).filter(kind=kind)
    names = [name for name in IDENTITY[kind] if config.get(name)]
    if not names:
        return None
    same = {f"config__{name}": config[name] for name in names}
    return rows.filter(**same).order_by("id").first()


def list_checks(account: Account) -> list[Finding]:
    """Return the stored answers; what we know by ourselves is looked at now."""
    own = {one.code: one for one in own_findings(account)}
    stored = {
        row.code: Finding(row.code, row.state, row.reason, row.facts)
        for row in account.checks.order_by("id")
    }
    return list({**stored, **own}.values())


def list_own_findings(hospital_id: int, account_id: int) -> list[Finding]:
    account = find_account(hospital_id, account_id)
    return own_findings(account) if account else []


def own_findings(account: Account) -> list[Finding]:
    """Look at what no provider is asked about: did it come to us, can a phone come to us."""
    found = []
    if account.kind in VERIFIES:
        is_seen = rules.is_callback_seen(
            account.callback_set_at, account.callback_verified_at, account.last_callback_at
        )
        found.append(
            Finding(CALLBACK, OK) if is_seen else Finding(CALLBACK, UNKNOWN, "callback_not_seen")
        )
    if account.kind in OPENS_PAGES:
        parts = urlsplit(settings.BASE_URL)
        fault = rules.find_origin_fault(parts.scheme, parts.hostname or "")
        # A machine for trying things out is its own phone.
        state = OK if not fault else UNKNOWN if fault == "origin_local" else FAILING
        found.append(Finding(ORIGIN, state, fault, {"host": parts.hostname or ""}))
    return found


def list_accounts_to_check(hospital_id: int, now: datetime) -> QuerySet[Account]:
    """Return those that somebody asked to have checked, and those last checked a day ago."""
    is_asked = Q(check_requested_at__isnull=False)
    is_old = Q(checked_at__lte=now - facts.seconds("account_check_seconds"))
    return Account.objects.of(hospital_id).active().filter(is_asked | is_old)


def list_accounts_to_reconcile(hospital_id: int, now: datetime) -> list[Account]:
    """Return the accounts with a list to compare, whose last comparison is too old."""
    before = now - timedelta(seconds=settings.RECONCILE_SECONDS)
    due = Q(reconciled_at=None) | Q(reconciled_at__lte=before)
    kinds = [Account.Kind.WECOM, Account.Kind.WECOM_KF, Account.Kind.OFFICIAL_ACCOUNT]
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


def find_token(
    hospital_id: int, account_id: int, kind: str = AccessToken.Kind.ACCESS
) -> AccessToken | None:
    rows = AccessToken.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return rows.filter(kind=kind).first()
