"""The chat archive's settings: its secret and keys, switching it, and asking how it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lianxin.channels import queries, sealing
from lianxin.channels.adapters.checking import Finding
from lianxin.channels.models import AccessToken, Account, Archive, ArchiveKey
from lianxin.core import events, keys, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError

# What the provider's document asks for.
KEY_BITS, PUBLIC_EXPONENT = 2048, 65537


@transaction.atomic
def change_archive(
    account: Account, *, secret: str, purpose: str, keep_days: int, seen: int, by: Actor
) -> Archive:
    """Change the settings. An empty secret keeps the one there is; `seen` 0: there were none."""
    check_may_manage(account, by)
    if not seen:
        Archive.objects.get_or_create(
            account=account, defaults={"hospital_id": account.hospital_id}
        )
    before = queries.find_archive(account.pk)
    changes: dict[str, Any] = {"purpose": purpose, "keep_days": keep_days}
    if secret:
        changes["secret_sealed"] = keys.hospital_seal(
            account.hospital_id, secret, field=sealing.ARCHIVE_SECRET_FIELD
        )
        tokens = AccessToken.objects.filter(account=account, kind=AccessToken.Kind.ARCHIVE)
        tokens.update(token_sealed=b"", expires_at=None)
    claimed = Archive.objects.filter(account=account, revision=seen or 1).update(
        **changes, revision=(seen or 1) + 1, check_requested_at=time.now()
    )
    if not claimed or before is None:
        raise RefusedError(_("别人刚刚改过存档设置，请打开最新内容再改。"))
    fields = [name for name in ("purpose", "keep_days") if getattr(before, name) != changes[name]]
    record(account, "archive.changed", by, fields=fields + (["secret"] if secret else []))
    before.refresh_from_db()
    return before


@transaction.atomic
def make_archive_key(account: Account, version: int, *, by: Actor) -> ArchiveKey:
    """Make a pair of keys beside those there are: old records need the old ones."""
    check_may_manage(account, by)
    pair = rsa.generate_private_key(PUBLIC_EXPONENT, KEY_BITS)
    private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        with transaction.atomic():
            made = ArchiveKey.objects.create(
                hospital_id=account.hospital_id,
                account=account,
                version=version,
                public_key=public.decode(),
                private_sealed=keys.hospital_seal(
                    account.hospital_id, private, field=sealing.ARCHIVE_KEY_FIELD
                ),
                created_at=time.now(),
            )
    except IntegrityError:
        raise taken() from None
    after_keys_changed(account)
    record(account, "archive_key.made", by, version=version)
    return made


@transaction.atomic
def renumber_archive_key(account: Account, version: int, wanted: int, *, by: Actor) -> None:
    """Give a key the number that the provider's console shows for it."""
    check_may_manage(account, by)
    try:
        with transaction.atomic():
            rows = ArchiveKey.objects.filter(account=account, version=version)
            changed = rows.update(version=wanted)
    except IntegrityError:
        raise taken() from None
    if not changed:
        raise NotFoundError
    after_keys_changed(account)
    record(account, "archive_key.renumbered", by, version=version, wanted=wanted)


def taken() -> RefusedError:
    return RefusedError(_("这个版本号已经有一对密钥了，请换一个版本号。"))


def after_keys_changed(account: Account) -> None:
    """Read again at once: the record that waited may have waited for this key."""
    Archive.objects.filter(account=account).update(
        next_try_at=None, check_requested_at=time.now(), missing_version=None
    )


@transaction.atomic
def turn_on_archive(account: Account, *, by: Actor) -> None:
    """Begin to read. Without secret, key and purpose it is refused."""
    check_may_manage(account, by)
    archive = queries.find_archive(account.pk)
    if archive is None or not archive.secret_sealed or not archive.purpose:
        raise RefusedError(_("请先填好存档的 Secret 和用途。"))
    if not ArchiveKey.objects.filter(account=account).exists():
        raise RefusedError(_("请先生成一对密钥，把公钥填到企业微信后台。"))
    if archive.erase_requested_at is not None:
        raise RefusedError(_("以前保存的还没有删完，几分钟后再开启。"))
    claimed = Archive.objects.filter(pk=archive.pk, is_on=False).update(
        is_on=True,
        read_until=time.now(),
        lost_from=None,
        lost_until=None,
        next_try_at=None,
        failure_code="",
        check_requested_at=time.now(),
    )
    if claimed:
        record(account, "archive.switched", by, is_on=True)


@transaction.atomic
def turn_off_archive(account: Account, *, erases: bool, by: Actor) -> None:
    """Stop reading. What was kept stays until its term, or is deleted: shown to nobody from now."""
    check_may_manage(account, by)
    rows = Archive.objects.filter(account=account)
    stopped = rows.filter(is_on=True).update(is_on=False)
    erased = erases and rows.filter(erase_requested_at=None).update(erase_requested_at=time.now())
    if stopped or erased:
        record(account, "archive.switched", by, is_on=False, erases=erases)


@transaction.atomic
def request_archive_check(account: Account, *, by: Actor) -> None:
    """Ask the worker to try the archive; the page shows the answer when it is there."""
    check_may_manage(account, by)
    if not account.is_active:
        raise RefusedError(_("账号已停用，启用后再检查。"))
    if not Archive.objects.filter(account=account).update(check_requested_at=time.now()):
        raise RefusedError(_("请先填好存档的 Secret 和用途。"))
    record(account, "archive.check_requested", by)


@transaction.atomic
def settle_archive_check(
    seen: Archive, findings: Sequence[Finding], permitted: Sequence[str] | None
) -> bool:
    """Store what was found out; False when the settings were changed meanwhile."""
    now = time.now()
    changes: dict[str, Any] = {
        "findings": [asdict(one) | {"facts": dict(one.facts)} for one in findings],
        "checked_at": now,
    }
    if permitted is not None:
        changes |= {"permitted_userids": list(permitted), "permitted_at": now}
    rows = Archive.objects.filter(pk=seen.pk, revision=seen.revision)
    if not rows.update(**changes):
        return False
    # One asked for while this one ran is still to come.
    rows.filter(check_requested_at=seen.check_requested_at).update(check_requested_at=None)
    return True


def check_may_manage(account: Account, by: Actor) -> None:
    if not by.may("archive.manage"):
        raise ForbiddenError
    if account.kind != Account.Kind.WECOM:
        raise RefusedError(_("只有企业微信有会话内容存档。"))


def record(account: Account, name: str, by: Actor, **data: Any) -> None:
    events.record(
        name,
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.pk,
        by=by,
        data=data,
    )
