"""Accounts and their tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError, Q
from django.utils.translation import gettext as _

from lianxin.channels import facts, sealing
from lianxin.channels.adapters.checking import FAILING, Finding
from lianxin.channels.models import (
    AccessToken,
    Account,
    AccountCheck,
    AccountRoute,
    Address,
    LinkQuota,
    SubscribeTemplate,
)
from lianxin.core import events, keys, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError

# What an account is at its provider. With another one of these it would be another account.
IDENTITY = ("corp_id", "open_kfid", "app_id")
CALLBACK_SECRETS = ("token", "encoding_aes_key")


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
    """Open an account and the route that leads its callbacks to this hospital.

    A key that is taken, in any hospital, is refused: one form opens one account.
    """
    if not by.may("channel.manage"):
        raise ForbiddenError
    account = Account(
        hospital_id=hospital_id,
        kind=kind,
        name=name,
        config=dict(config),
        base_url=base_url,
        secrets_sealed=sealing.seal_json(hospital_id, dict(secrets), field=sealing.SECRETS_FIELD),
        callback_set_at=time.now(),
    )
    if key:
        account.key = key
    try:
        with transaction.atomic():
            account.save()
            AccountRoute.objects.create(
                key=account.key, kind=kind, hospital_id=hospital_id, account_id=account.pk
            )
    except IntegrityError:
        raise RefusedError(_("这一页已经提交过，账号在渠道列表里。")) from None
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
    seen: int,
    by: Actor,
) -> Account:
    """Change an account. An empty secret keeps the one we have; the token is forgotten.

    `seen` is the revision that was on the page: who would overwrite somebody's change is refused.
    """
    if not by.may("channel.manage"):
        raise ForbiddenError
    check_identity(account, config)
    kept = sealing.open_json(
        account.hospital_id, bytes(account.secrets_sealed), field=sealing.SECRETS_FIELD
    )
    given = {field: value for field, value in secrets.items() if value}
    merged = kept | given
    changes: dict[str, Any] = {
        "name": name,
        "base_url": base_url,
        "config": {**account.config, **config},
        "secrets_sealed": sealing.seal_json(
            account.hospital_id, merged, field=sealing.SECRETS_FIELD
        ),
    }
    if any(merged.get(field) != kept.get(field) for field in CALLBACK_SECRETS):
        changes["callback_set_at"] = time.now()
    claimed = Account.objects.filter(pk=account.pk, revision=seen).update(
        **changes, revision=seen + 1
    )
    if not claimed:
        raise RefusedError(_("别人刚刚改过这个账号，请打开最新内容再改。"))
    AccessToken.objects.filter(account=account).update(token_sealed=b"", expires_at=None)
    before = account.config
    changed = [field for field, value in config.items() if before.get(field, "") != value]
    changed += [field for field, value in given.items() if kept.get(field) != value]
    changed += [
        field for field in ("name", "base_url") if getattr(account, field) != changes[field]
    ]
    account.refresh_from_db()
    record(account, "account.changed", by, fields=sorted(changed))
    return account


def check_identity(account: Account, config: Mapping[str, Any]) -> None:
    """Refuse to make another account of one that people are known by."""
    is_same = all(
        str(account.config.get(field, "")) == str(config[field])
        for field in IDENTITY
        if field in config
    )
    if not is_same and Address.objects.filter(account=account).exists():
        raise RefusedError(
            _("已有患者经这个账号联系，编号不能再改。另一个账号请新接入，这个可以停用。")
        )


@transaction.atomic
def pause_account(account: Account, *, by: Actor) -> None:
    """Stop receiving and sending. What a provider posts meanwhile is answered with 404."""
    switch_account(account, "account.paused", is_active=False, by=by)


@transaction.atomic
def resume_account(account: Account, *, by: Actor) -> None:
    """Receive and send again, and look how it is."""
    switch_account(account, "account.resumed", is_active=True, by=by)
    Account.objects.filter(pk=account.pk).update(check_requested_at=time.now())


def switch_account(account: Account, name: str, *, is_active: bool, by: Actor) -> None:
    """Set the switch; when it stands so already, nothing is done and nothing recorded."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    rows = Account.objects.filter(pk=account.pk, is_active=not is_active)
    if rows.update(is_active=is_active, check_requested_at=None, revision=F("revision") + 1):
        record(account, name, by)


@transaction.atomic
def delete_account(account: Account, *, by: Actor) -> None:
    """Delete an account that nothing ever came by. Everything else can only be paused."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    refusal = RefusedError(_("已有患者、活码或消息记在这个账号下，不能删除，可以停用。"))
    if Address.objects.filter(account=account).exists():
        raise refusal
    try:
        with transaction.atomic():
            AccountCheck.objects.filter(account=account).delete()
            SubscribeTemplate.objects.filter(account=account).delete()
            AccessToken.objects.filter(account=account).delete()
            LinkQuota.objects.filter(account=account).delete()
            AccountRoute.objects.filter(key=account.key).delete()
            Account.objects.filter(pk=account.pk).delete()
    except ProtectedError:
        raise refusal from None
    record(account, "account.deleted", by)


@transaction.atomic
def request_check(account: Account, *, by: Actor) -> None:
    """Ask the worker to try the account; the page shows the answer when it is there."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if not account.is_active:
        raise RefusedError(_("账号已停用，启用后再检查。"))
    Account.objects.filter(pk=account.pk).update(check_requested_at=time.now())
    record(account, "account.check_requested", by)


@transaction.atomic
def settle_check(seen: Account, findings: Sequence[Finding]) -> bool:
    """Store what the checks found out; False when the account was changed meanwhile.

    `seen` is the account as it was when the first question was asked.
    """
    now = time.now()
    failing = next((one for one in findings if one.state == FAILING), None)
    claimed = Account.objects.filter(pk=seen.pk, revision=seen.revision).update(
        health=Account.Health.FAILING if failing else Account.Health.WORKING,
        health_reason=failing.reason if failing else "",
        checked_at=now,
    )
    if not claimed:
        return False
    # One asked for while this one ran is still to come.
    Account.objects.filter(pk=seen.pk, check_requested_at=seen.check_requested_at).update(
        check_requested_at=None
    )
    AccountCheck.objects.filter(account=seen).exclude(
        code__in=[one.code for one in findings]
    ).delete()
    AccountCheck.objects.bulk_create(
        [
            AccountCheck(
                hospital_id=seen.hospital_id,
                account=seen,
                code=one.code,
                state=one.state,
                reason=one.reason,
                facts=dict(one.facts),
                checked_at=now,
            )
            for one in findings
        ],
        update_conflicts=True,
        unique_fields=["account", "code"],
        update_fields=["state", "reason", "facts", "checked_at"],
    )
    return True


def record(account: Account, name: str, by: Actor, **data: Any) -> None:
    events.record(
        name,
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.pk,
        by=by,
        data={"kind": account.kind, **data},
    )


# ---- tokens -------------------------------------------------------------------------------


def claim_refresh(
    hospital_id: int, account_id: int, kind: str = AccessToken.Kind.ACCESS
) -> datetime | None:
    """Take the lease to refresh the token; None while another process holds it.

    None too when the token is fresh: somebody may have refreshed it since the caller looked.
    """
    now = time.now()
    until = now + facts.seconds("token_lease_seconds")
    free = Q(refreshing_until=None) | Q(refreshing_until__lte=now)
    stale = Q(token_sealed=b"") | Q(expires_at=None) | Q(expires_at__lte=now)
    AccessToken.objects.get_or_create(hospital_id=hospital_id, account_id=account_id, kind=kind)
    rows = AccessToken.objects.filter(free, stale, hospital_id=hospital_id, account_id=account_id)
    return until if rows.filter(kind=kind).update(refreshing_until=until) else None


def settle_token(
    hospital_id: int,
    account_id: int,
    value: str,
    expires_at: datetime | None,
    kind: str = AccessToken.Kind.ACCESS,
) -> None:
    """Store a fetched token and give the lease back; an empty value only gives it back."""
    changes: dict[str, Any] = {"refreshing_until": None}
    if value:
        sealed = keys.hospital_seal(hospital_id, value, field=sealing.TOKEN_FIELD)
        changes |= {"token_sealed": sealed, "expires_at": expires_at}
    rows = AccessToken.objects.filter(hospital_id=hospital_id, account_id=account_id, kind=kind)
    rows.update(**changes)


def drop_token(
    hospital_id: int, account_id: int, sealed: bytes, kind: str = AccessToken.Kind.ACCESS
) -> None:
    """Forget a token the provider refused, unless somebody has replaced it already."""
    AccessToken.objects.filter(
        hospital_id=hospital_id, account_id=account_id, kind=kind, token_sealed=sealed
    ).update(token_sealed=b"", expires_at=None)
