"""Welcomes for groups: written and guarded here, kept at the provider by a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import queries
from lianxin.channels.actions import leases
from lianxin.channels.actions.attachments import check_attachments
from lianxin.channels.actions.live_codes import check_welcomes
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.models import Account, GroupWelcome
from lianxin.channels.queries.attachments import as_rows
from lianxin.channels.rules import groups as rules
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError


@transaction.atomic
def create_group_welcome(
    account: Account, text: str, *, by: Actor, attachments: Sequence[Attachment] = ()
) -> GroupWelcome:
    check_text(account, text, by)
    check_one(account, attachments)
    # Two who write at once meet here, not above the provider's limit.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    most = load_facts()["group_welcomes"]
    if queries.count_welcomes(account.pk) >= most:
        raise RefusedError(_("平台最多保存 100 条入群欢迎语，请先删除不用的。"))
    welcome = GroupWelcome.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        text=text,
        attachments=as_rows(attachments),
        created_at=time.now(),
    )
    record(welcome, "group_welcome.created", by)
    return welcome


@transaction.atomic
def change_group_welcome(
    welcome: GroupWelcome,
    text: str,
    *,
    seen: int,
    by: Actor,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Change a welcome that was at revision `seen`; one that was not made is tried again."""
    check_text(welcome.account, text, by)
    check_one(welcome.account, attachments)
    rows = GroupWelcome.objects.filter(pk=welcome.pk, revision=seen, is_active=True)
    wanted = {"text": text, "attachments": as_rows(attachments)}
    if not rows.update(**wanted, revision=seen + 1, next_try_at=None):
        raise RefusedError(_("刚才有同事改过这条欢迎语。请打开最新内容，看过再改。"))
    GroupWelcome.objects.filter(pk=welcome.pk, state=GroupWelcome.State.FAILED).update(
        state=GroupWelcome.State.MAKING, failure_code=""
    )
    record(welcome, "group_welcome.changed", by)


@transaction.atomic
def remove_group_welcome(welcome: GroupWelcome, *, by: Actor) -> None:
    """Take a welcome out of use; the job deletes it at the provider."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    rows = GroupWelcome.objects.filter(pk=welcome.pk, is_active=True)
    if not rows.update(is_active=False, next_try_at=None):
        raise RefusedError(_("这条欢迎语已经删除。"))
    unmade = GroupWelcome.objects.filter(pk=welcome.pk, template_id="")
    unmade.filter(leased_until=None).update(state=GroupWelcome.State.REMOVED)
    record(welcome, "group_welcome.removed", by)


def check_text(account: Account, text: str, by: Actor) -> None:
    if not by.may("channel.manage"):
        raise ForbiddenError
    if account.kind != Account.Kind.WECOM:
        raise RefusedError(_("这个渠道没有客户群。"))
    if not text.strip():
        raise RefusedError(_("欢迎语不能为空。"))
    if len(text.encode()) > load_facts()["group_welcome_bytes"]:
        raise RefusedError(_("欢迎语太长：平台最多收 3000 字节，约 1000 个汉字。"))
    check_welcomes(account.hospital_id, [text])


def check_one(account: Account, attachments: Sequence[Attachment]) -> None:
    if len(attachments) > load_facts()["group_welcome_attachments"]:
        raise RefusedError(_("入群欢迎语只能带 1 个附件。"))
    check_attachments(account, attachments, links=0)


@dataclass(frozen=True)
class WelcomeStep:
    """The right to tell the provider one thing about one welcome, until the lease ends."""

    welcome: GroupWelcome
    step: str
    lease: datetime


@transaction.atomic
def claim_welcome_step(welcome: GroupWelcome) -> WelcomeStep | None:
    lease = leases.take(welcome, "group_lease_seconds")
    fresh = queries.find_group_welcome(welcome.hospital_id, welcome.pk)
    if lease is None or fresh is None:
        return None
    step = queries.welcome_step(fresh)
    if step == rules.NOTHING:
        leases.give_back(fresh, lease)
        return None
    return WelcomeStep(fresh, step, lease)


@transaction.atomic
def settle_welcome_step(claim: WelcomeStep, template_id: str = "") -> None:
    """Keep what the provider confirmed; what is wanted meanwhile is the next step's matter."""
    by = SystemActor(claim.welcome.hospital_id)
    ready: dict[str, Any] = {
        "state": GroupWelcome.State.READY,
        "confirmed_text": claim.welcome.text,
        "confirmed_attachments": claim.welcome.attachments,
    }
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        rules.MAKE: ("group_welcome.made", ready | {"template_id": template_id}),
        rules.UPDATE: ("group_welcome.updated", ready),
        rules.DELETE: (
            "group_welcome.deleted",
            {"state": GroupWelcome.State.REMOVED, "template_id": "", "confirmed_text": ""},
        ),
    }
    name, columns = changes[claim.step]
    if leases.settle(claim.welcome, claim.lease, **columns):
        record(claim.welcome, name, by)


@transaction.atomic
def settle_welcome_failed(claim: WelcomeStep, error: ProviderError) -> None:
    """Note why it did not work. Silence about a new one is left to a person: it may be there,

    nobody can look, and members would see it twice.
    """
    ended = claim.step == rules.MAKE and not error.is_temporary
    state = GroupWelcome.State.FAILED if ended else claim.welcome.state
    leases.settle_failed(claim.welcome, claim.lease, error, state=state)


def record(welcome: GroupWelcome, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=welcome.hospital_id,
        subject="group_welcome",
        subject_id=welcome.pk,
        by=by,
        data={"account_id": welcome.account_id},
    )
