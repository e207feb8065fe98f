"""The corp's customer service accounts: wanted, renamed, given up; a job tells the provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import facts, printing, queries, reasons, sealing
from lianxin.channels.actions import leases
from lianxin.channels.actions.accounts import open_account
from lianxin.channels.actions.media import keep_file
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.wecom_kf.accounts import ListedAccount
from lianxin.channels.models import Account, ServiceAccount
from lianxin.channels.queries import service_accounts as service_queries
from lianxin.channels.rules import service_accounts as rules
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Staff

LISTED_NAME_CHARACTERS = 64


@dataclass(frozen=True)
class ServiceClaim:
    """The right to tell the provider one thing about one account, until the lease ends."""

    row: ServiceAccount
    step: str
    lease: datetime
    # Whether the provider was asked to make it before, without a known outcome.
    was_asked: bool
    # Which of the listed accounts are other rows already.
    known: frozenset[str] = frozenset()


def check_name(name: str) -> str:
    most = facts.count("kf_account_name_characters")
    name = name.strip()
    if not 0 < len(name) <= most:
        raise RefusedError(_("名称要 1 到 %(count)d 个字。") % {"count": most})
    return name


@transaction.atomic
def want_service_account(
    account: Account, name: str, *, picture: bytes = b"", by: Staff
) -> ServiceAccount:
    """Want one more account at the provider. Without a picture one is drawn with the first word."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    name = check_name(name)
    check_free(account, name)
    file = keep_file(account.kind, picture or printing.draw_avatar(name), "avatar.png", by=by)
    if file.kind != "image":
        raise RefusedError(reasons.sentence_of("media_type_refused"))
    row = ServiceAccount.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        name=name,
        picture=file.sha256,
        created_at=time.now(),
    )
    record(row, "service_account.wanted", by)
    return row


def check_free(account: Account, name: str) -> None:
    """Refuse a second account of one name: patients could not tell them apart, nor could we."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    rows = ServiceAccount.objects.filter(account=account, is_wanted=True, name=name)
    if rows.exists():
        raise RefusedError(_("已经有一个客服账号叫这个名称。"))


@transaction.atomic
def rename_service_account(row: ServiceAccount, name: str, *, by: Actor) -> None:
    if not by.may("channel.manage"):
        raise ForbiddenError
    name = check_name(name)
    check_managed(row)
    if name == row.name:
        return
    check_free(row.account, name)
    change(row, name=name)
    record(row, "service_account.renamed", by)


@transaction.atomic
def give_up_service_account(row: ServiceAccount, *, by: Actor) -> None:
    """Delete one at the provider; refused for one that is answered here."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    check_managed(row)
    if queries.find_kf_account(row.hospital_id, row.open_kfid) is not None:
        raise RefusedError(_("连心正在用这个客服账号接待患者，请先在渠道里停用它。"))
    change(row, is_wanted=False)
    record(row, "service_account.given_up", by)


def check_managed(row: ServiceAccount) -> None:
    if row.is_listed and not row.is_managed:
        raise RefusedError(reasons.sentence_of("kf_not_managed"))


def change(row: ServiceAccount, **wanted: object) -> None:
    told: dict[str, object] = {"failure_code": "", "next_try_at": None}
    ServiceAccount.objects.filter(pk=row.pk).update(**wanted, **told)


@transaction.atomic
def connect_service_account(row: ServiceAccount, *, by: Actor) -> Account:
    """Answer for one here, too: a channel of its own with the same app and callback."""
    if not row.is_listed or not row.is_managed:
        raise RefusedError(reasons.sentence_of("kf_not_managed"))
    account = Account.objects.select_for_update(no_key=True).get(pk=row.account_id)
    config = {**account.config, "open_kfid": row.open_kfid}
    if queries.find_double(row.hospital_id, account.kind, config) is not None:
        raise RefusedError(_("这个客服账号已经接入连心。"))
    return open_account(
        row.hospital_id,
        account.kind,
        row.name,
        config=config,
        secrets=sealing.open_json(
            row.hospital_id, bytes(account.secrets_sealed), field=sealing.SECRETS_FIELD
        ),
        base_url=account.base_url,
        by=by,
    )


# ---- what the provider has -----------------------------------------------------------------


@transaction.atomic
def claim_service_account(row: ServiceAccount) -> ServiceClaim | None:
    """Take the account's next step for this worker; None when it is taken, done, or not due yet."""
    lease = leases.take(row, "contact_way_lease_seconds")
    if lease is None:
        return None
    fresh = ServiceAccount.objects.select_related("account").get(pk=row.pk)
    step = service_queries.service_step(fresh)
    if step == rules.NOTHING:
        leases.give_back(fresh, lease)
        return None
    was_asked = fresh.asked_at is not None
    if step == rules.MAKE and not was_asked:
        ServiceAccount.objects.filter(pk=row.pk).update(asked_at=time.now())
    rows = ServiceAccount.objects.filter(account_id=fresh.account_id).exclude(open_kfid="")
    known = frozenset(rows.values_list("open_kfid", flat=True))
    return ServiceClaim(fresh, step, lease, was_asked, known)


@transaction.atomic
def settle_service_step(claim: ServiceClaim, open_kfid: str) -> None:
    """Keep that the provider took the step. `open_kfid` is the account that it was about."""
    row, by = claim.row, SystemActor(claim.row.hospital_id)
    if claim.step == rules.REMOVE:
        if leases.settle(row, claim.lease, is_listed=False, asked_at=None):
            record(row, "service_account.removed", by)
        return
    # A reading between the call and now has made a row of what we made: it is this one.
    if claim.step == rules.MAKE:
        Account.objects.select_for_update(no_key=True).get(pk=row.account_id)
        others = ServiceAccount.objects.filter(account_id=row.account_id, open_kfid=open_kfid)
        others.exclude(pk=row.pk).delete()
    taken = leases.settle(
        row,
        claim.lease,
        open_kfid=open_kfid,
        listed_name=row.name,
        is_listed=True,
        is_managed=True,
        asked_at=None,
    )
    if taken:
        is_new = claim.step == rules.MAKE
        record(row, "service_account.made" if is_new else "service_account.updated", by)


@transaction.atomic
def settle_service_failed(claim: ServiceClaim, error: ProviderError) -> None:
    """Note why it did not work. Silence about a new one is no refusal: it is looked for first."""
    is_unknown = error.reason == "outcome_unknown"
    forgotten = claim.step == rules.MAKE and not is_unknown and not claim.was_asked
    changes = {"asked_at": None} if forgotten else {}
    leases.settle_failed(claim.row, claim.lease, error, **changes)


@transaction.atomic
def note_service_accounts(
    hospital_id: int, account_id: int, listed: Sequence[ListedAccount], read_at: datetime
) -> None:
    """Believe the provider's list: what was made, renamed or deleted there is so here, too."""
    Account.objects.select_for_update(no_key=True).get(pk=account_id)
    rows = ServiceAccount.objects.filter(hospital_id=hospital_id, account_id=account_id)
    known = {one.open_kfid: one for one in rows.exclude(open_kfid="")}
    for one in listed:
        name = one.name[:LISTED_NAME_CHARACTERS]
        truth = {"listed_name": name, "is_listed": True, "is_managed": one.is_managed}
        row = known.pop(one.open_kfid, None)
        if row is None:
            ServiceAccount.objects.create(
                hospital_id=hospital_id,
                account_id=account_id,
                open_kfid=one.open_kfid,
                name=name,
                created_at=read_at,
                **truth,
            )
            continue
        wanted = rules.name_after_listing(row.name, row.listed_name, name)
        rows.filter(pk=row.pk).update(name=wanted, **truth)
    # One made since the list was asked for is not missing from it.
    gone = [row.pk for row in known.values() if row.is_listed and row.created_at <= read_at]
    rows.filter(pk__in=gone).update(is_listed=False, is_wanted=False)


def record(row: ServiceAccount, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=row.hospital_id,
        subject="service_account",
        subject_id=row.pk,
        by=by,
        data={"account_id": row.account_id},
    )
