"""Join codes: wanted, changed and closed here; the provider hears of it from a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries
from lianxin.channels.actions import leases
from lianxin.channels.actions.groups import ask_for
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.join_ways import JoinContent, StoredJoinWay
from lianxin.channels.models import Account, Group, JoinCode, JoinCodeGroup
from lianxin.channels.models.pictures import pictured
from lianxin.channels.rules import groups as rules
from lianxin.channels.tag_words import illness_in
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.ids import make_key


@dataclass(frozen=True)
class JoinCodeContent:
    """Everything of a join code that people change."""

    name: str
    groups: tuple[Group, ...]
    rolls_over: bool = True
    base_name: str = ""
    base_number: int = 1


@transaction.atomic
def create_join_code(account: Account, content: JoinCodeContent, *, by: Actor) -> JoinCode:
    """Want a join code. The picture comes when the job has asked the provider for it."""
    check_join_code(account, content, by)
    code = JoinCode.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        state_key=make_key(),
        name=content.name,
        rolls_over=content.rolls_over,
        base_name=content.base_name,
        base_number=content.base_number,
        created_at=time.now(),
    )
    write_lines(code, content.groups)
    record(code, "join_code.created", by)
    return code


@transaction.atomic
def change_join_code(code: JoinCode, content: JoinCodeContent, *, seen: int, by: Actor) -> None:
    """Change a code that was at revision `seen`; refused when somebody changed it since."""
    check_join_code(code.account, content, by)
    hold_revision(code, seen)
    JoinCode.objects.filter(pk=code.pk).update(
        name=content.name,
        rolls_over=content.rolls_over,
        base_name=content.base_name,
        base_number=content.base_number,
    )
    JoinCode.objects.filter(pk=code.pk, state=JoinCode.State.FAILED).update(
        state=JoinCode.State.MAKING, failure_code=""
    )
    write_lines(code, content.groups)
    record(code, "join_code.changed", by)


@transaction.atomic
def close_join_code(code: JoinCode, *, seen: int, by: Actor) -> None:
    """Close a code; the job takes it back. Who came by it stays in the groups."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    hold_revision(code, seen)
    if not JoinCode.objects.filter(pk=code.pk, is_active=True).update(is_active=False):
        raise RefusedError(_("这个入群码已经停用。"))
    record(code, "join_code.closed", by)


def check_join_code(account: Account, content: JoinCodeContent, by: Actor) -> None:
    if not by.may("channel.manage"):
        raise ForbiddenError
    if account.kind != Account.Kind.WECOM:
        raise RefusedError(_("这个渠道没有客户群。"))
    most = load_facts()["join_way_groups"]
    if not 0 < len(content.groups) <= most:
        raise RefusedError(_("请选 1 到 %(most)d 个群。") % {"most": most})
    if any(group.account_id != account.pk for group in content.groups):
        raise RefusedError(_("这些群不在同一个企业微信账号里。"))
    word = illness_in(content.name, content.base_name)
    if word:
        sentence = _("“%(word)s”会透露病情，群名和入群码名称里不能有。请换一个中性的词。")
        raise RefusedError(sentence % {"word": word})
    if content.rolls_over and not content.base_name:
        raise RefusedError(_("自动建新群时要有群名前缀。"))


def hold_revision(code: JoinCode, seen: int) -> None:
    rows = JoinCode.objects.filter(pk=code.pk, revision=seen)
    if not rows.update(revision=seen + 1, next_try_at=None):
        raise RefusedError(_("刚才有同事改过这个入群码。请打开最新内容，看过再改。"))


def write_lines(code: JoinCode, groups: Sequence[Group], made: Sequence[int] = ()) -> None:
    known = JoinCodeGroup.objects.filter(join_code=code)
    was_made = {*known.filter(is_made=True).values_list("group_id", flat=True), *made}
    known.delete()
    JoinCodeGroup.objects.bulk_create(
        JoinCodeGroup(
            hospital_id=code.hospital_id,
            join_code=code,
            group=group,
            is_made=group.pk in was_made,
        )
        for group in groups
    )


# ---- what the provider has of it -----------------------------------------------------------


@dataclass(frozen=True)
class JoinClaim:
    """The right to tell the provider one thing about one code, until the lease ends."""

    code: JoinCode
    step: str
    content: JoinContent
    lease: datetime


@transaction.atomic
def claim_join_step(code: JoinCode) -> JoinClaim | None:
    """Take the code's next step for this worker; None when it is taken, done, or not due yet."""
    lease = leases.take(code, "group_lease_seconds")
    fresh = queries.find_join_code(code.hospital_id, code.pk)
    if lease is None or fresh is None:
        return None
    step = queries.join_step(fresh, time.now())
    if step == rules.NOTHING:
        leases.give_back(fresh, lease)
        return None
    return JoinClaim(fresh, step, queries.desired_join_way(fresh), lease)


@transaction.atomic
def settle_join_made(claim: JoinClaim, config_id: str) -> None:
    made = leases.settle(
        claim.code,
        claim.lease,
        state=JoinCode.State.READY,
        config_id=config_id,
        confirmed=claim.content.as_data(),
        **pictured(""),
    )
    if made:
        record(claim.code, "join_code.made", SystemActor(claim.code.hospital_id))


@transaction.atomic
def settle_join_updated(claim: JoinClaim) -> None:
    if leases.settle(claim.code, claim.lease, confirmed=claim.content.as_data()):
        record(claim.code, "join_code.updated", SystemActor(claim.code.hospital_id))


@transaction.atomic
def settle_join_withdrawn(claim: JoinClaim) -> None:
    if leases.settle(claim.code, claim.lease, config_id="", confirmed={}, **pictured("")):
        record(claim.code, "join_code.withdrawn", SystemActor(claim.code.hospital_id))


@transaction.atomic
def settle_join_read(claim: JoinClaim, stored: StoredJoinWay | None) -> None:
    """Keep the provider's truth: the picture, the groups it made, and what somebody changed."""
    code, now = claim.code, time.now()
    by = SystemActor(code.hospital_id)
    if stored is None:
        gone = {"state": JoinCode.State.MAKING, "config_id": "", "confirmed": {}, **pictured("")}
        if leases.settle(code, claim.lease, finding="lost", found_at=now, **gone):
            record(code, "join_code.lost", by)
        return
    desired, truth = claim.content.as_data(), stored.content.as_data()
    # A change of ours that the provider has not heard of is told first, not taken for drift.
    is_pending = rules.differs(desired, code.confirmed)
    has_drifted = not is_pending and rules.has_drifted(desired, truth)
    rolled = None if is_pending or has_drifted else rules.read_rolled(desired, truth)
    found = {"finding": "drifted", "found_at": now} if has_drifted else {}
    changes: dict[str, Any] = {"read_at": now, "confirmed": truth}
    if stored.qr_url[:600] != code.qr_url:
        changes |= pictured(stored.qr_url[:600])
    if not stored.qr_url:
        changes["next_try_at"] = now + facts.seconds("group_refused_seconds")
    if not leases.settle(code, claim.lease, **changes, **found):
        return
    if rolled is not None:
        take_rolled(code, rolled)
        record(code, "join_code.rolled_over", by, made=len(rolled.made))
    elif has_drifted:
        record(code, "join_code.drifted", by)


def take_rolled(code: JoinCode, rolled: rules.Rolled) -> None:
    """Make the groups that the provider made ours; new ones are looked at."""
    known = {
        one.chat_id: one
        for one in Group.objects.filter(account_id=code.account_id, chat_id__in=rolled.chat_ids)
    }
    for chat_id in rolled.chat_ids:
        if chat_id not in known:
            known[chat_id], _is_new = Group.objects.get_or_create(
                account_id=code.account_id,
                chat_id=chat_id[:64],
                defaults={"hospital_id": code.hospital_id, "created_at": time.now()},
            )
    for chat_id in rolled.made:
        ask_for(known[chat_id])
    groups = sorted((known[one] for one in rolled.chat_ids), key=lambda group: group.pk)
    write_lines(code, groups, [known[one].pk for one in rolled.made])
    JoinCode.objects.filter(pk=code.pk).update(base_number=rolled.base_number)


@transaction.atomic
def settle_join_unread(claim: JoinClaim) -> None:
    """Have the way read next: a refused change may mean that it is gone."""
    leases.settle(claim.code, claim.lease, read_at=None)


@transaction.atomic
def settle_join_failed(claim: JoinClaim, error: ProviderError) -> None:
    """Note why it did not work. A way whose making got no answer has a picture nobody has seen,

    so making another does no harm.
    """
    is_refused = not error.is_temporary and error.reason != "outcome_unknown"
    ended = claim.step == rules.MAKE and is_refused
    state = JoinCode.State.FAILED if ended else claim.code.state
    leases.settle_failed(claim.code, claim.lease, error, state=state)


def record(code: JoinCode, name: str, by: Actor, **data: Any) -> None:
    events.record(
        name,
        hospital_id=code.hospital_id,
        subject="join_code",
        subject_id=code.pk,
        by=by,
        data={"account_id": code.account_id, **data},
    )
