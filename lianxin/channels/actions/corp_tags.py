"""The allow-list: what may leave as a tag, and what the provider has of it.

Every call is claimed by a lease on the tag. Who settles after losing it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.wecom.corp_tags import StoredTag
from lianxin.channels.models import (
    NAME_CHARACTERS,
    Account,
    ContactTag,
    CorpTag,
    Relation,
    RelationTag,
)
from lianxin.channels.rules import tags as tag_rules
from lianxin.channels.tag_words import illness_in
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError

FORBIDDEN_WORD = "tag_forbidden"


@dataclass(frozen=True)
class TagClaim:
    """The right to tell the provider one thing about one tag, until the lease ends."""

    tag: CorpTag
    step: str
    lease: datetime
    # When the provider was asked before without a known outcome.
    asked_at: datetime | None
    # Tags that had our words before we asked for any: filled while the step is taken.
    found_ids: set[str] = field(default_factory=set)


@transaction.atomic
def allow_tag(account: Account, *, code: str, name: str, group_name: str, by: Actor) -> CorpTag:
    """Let one neutral word leave under a name. A word of an illness is refused."""
    if not by.may("tag.allow"):
        raise ForbiddenError
    if account.kind != Account.Kind.WECOM or not account.is_active:
        raise RefusedError(_("标签只能送到启用中的企业微信账号。"))
    word = illness_in(code, name, group_name)
    if word:
        sentence = _("“%(word)s”会透露病情，不能作为标签送出。请换一个中性的词。")
        raise RefusedError(sentence % {"word": word})
    if not all(0 < len(one) <= NAME_CHARACTERS for one in (name, group_name)) or not code:
        raise RefusedError(_("标签和分组的名称各要 1 到 30 个字。"))
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    rows = CorpTag.objects.filter(account=account)
    standing = rows.exclude(state=CorpTag.State.REMOVED)
    if standing.filter(Q(code=code) | Q(group_name=group_name, name=name)).exists():
        raise RefusedError(_("这个标签或这个名称已经在名单里了。"))
    # One that was removed completely makes room; the journal remembers it.
    old = rows.filter(Q(code=code) | Q(group_name=group_name, name=name))
    drop_tags(old)
    tag = CorpTag.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        code=code,
        name=name,
        group_name=group_name,
        allowed_by_id=by.id if by.kind == "staff" else None,
        allowed_at=time.now(),
    )
    record(tag, "corp_tag.allowed", by)
    return tag


def drop_tags(tags: QuerySet[CorpTag]) -> None:
    ids = list(tags.values_list("pk", flat=True))
    RelationTag.objects.filter(tag_id__in=ids).delete()
    ContactTag.objects.filter(tag_id__in=ids).delete()
    CorpTag.objects.filter(pk__in=ids).delete()


@transaction.atomic
def withdraw_tag(tag: CorpTag, *, by: Actor) -> None:
    """Let the word leave no longer, and take it off at the provider. People keep it here."""
    if not by.may("tag.allow"):
        raise ForbiddenError
    changed = CorpTag.objects.filter(pk=tag.pk, is_allowed=True).update(
        is_allowed=False,
        withdrawn_by_id=by.id if by.kind == "staff" else None,
        withdrawn_at=time.now(),
        state=CorpTag.State.REMOVING,
        failure_code="",
        next_try_at=None,
    )
    if not changed:
        raise RefusedError(_("这个标签已经不在名单里了。"))
    if not tag.is_ours:
        # Ours is deleted with all its marks; another's stays, and loses ours one by one.
        mark_carriers(tag)
    record(tag, "corp_tag.withdrawn", by)


def mark_carriers(tag: CorpTag) -> None:
    """Have the relations that carry the tag told again."""
    ids = RelationTag.objects.filter(Q(is_on=True) | Q(asked=True), tag=tag).values("relation_id")
    Relation.objects.filter(pk__in=ids, tags_due_at=None).update(tags_due_at=time.now())


@transaction.atomic
def claim_tag(tag: CorpTag) -> TagClaim | None:
    """Take the tag's next step for this worker; None when it is taken, done, or not due yet."""
    now = time.now()
    lease = now + facts.seconds("corp_tag_lease_seconds")
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    if not CorpTag.objects.filter(free, due, pk=tag.pk).update(leased_until=lease):
        return None
    fresh = queries.find_corp_tag(tag.hospital_id, tag.pk)
    step = queries.tag_step(fresh) if fresh else tag_rules.NOTHING
    claim = TagClaim(fresh or tag, step, lease, fresh.asked_at if fresh else None)
    is_naming = step in {tag_rules.MAKE, tag_rules.RENAME}
    if is_naming and illness_in(claim.tag.code, claim.tag.name, claim.tag.group_name):
        # Refused when it was allowed, too; the list of words may have grown since.
        settle(claim, state=CorpTag.State.FAILED, is_allowed=False, failure_code=FORBIDDEN_WORD)
        return None
    if step == tag_rules.NOTHING:
        settle(claim)
        return None
    if step == tag_rules.MAKE and claim.asked_at is None:
        CorpTag.objects.filter(pk=tag.pk).update(asked_at=now)
    return claim


@transaction.atomic
def settle_tag_made(claim: TagClaim, stored: StoredTag, *, is_ours: bool) -> None:
    """Keep the provider's id, and have everybody marked who is to carry it."""
    settled = settle(
        claim,
        state=CorpTag.State.READY,
        tag_id=stored.tag_id,
        seen_name=stored.name,
        is_ours=is_ours,
        asked_at=None,
    )
    if not settled:
        return
    # Somebody withdrew it while it was being made.
    CorpTag.objects.filter(pk=claim.tag.pk, is_allowed=False).update(state=CorpTag.State.REMOVING)
    now = time.now()
    rows = Relation.objects.filter(queries.carrying(claim.tag), hospital_id=claim.tag.hospital_id)
    rows.filter(tags_due_at=None).update(tags_due_at=now)
    record(claim.tag, "corp_tag.made", SystemActor(claim.tag.hospital_id))


@transaction.atomic
def settle_tag_renamed(claim: TagClaim) -> None:
    settle(claim, seen_name=claim.tag.name)


@transaction.atomic
def settle_tag_removed(claim: TagClaim) -> None:
    """Note that the provider has it no more, or that nobody carries it through us."""
    done = settle(claim, state=CorpTag.State.REMOVED, tag_id="", is_ours=False, asked_at=None)
    if done:
        RelationTag.objects.filter(tag=claim.tag).delete()
        record(claim.tag, "corp_tag.removed", SystemActor(claim.tag.hospital_id))


@transaction.atomic
def settle_tag_failed(claim: TagClaim, error: ProviderError) -> None:
    """Note why it did not work; silence and a busy provider are tried again."""
    again = time.now() + facts.seconds("corp_tag_retry_seconds")
    changes: dict[str, Any] = {"failure_code": error.reason}
    if error.is_temporary or error.reason == "outcome_unknown" or claim.step != tag_rules.MAKE:
        changes["next_try_at"] = max(error.retry_at or again, again)
    else:
        changes |= {"state": CorpTag.State.FAILED, "is_allowed": False}
    if claim.step == tag_rules.MAKE and error.reason != "outcome_unknown" and not claim.asked_at:
        changes["asked_at"] = None
    settle(claim, **changes)


def settle(claim: TagClaim, **changes: Any) -> bool:
    """Write the outcome and give the lease back; False when the lease was lost."""
    held = CorpTag.objects.filter(pk=claim.tag.pk, leased_until=claim.lease)
    done: dict[str, Any] = {"leased_until": None, "failure_code": "", "next_try_at": None}
    return bool(held.update(**(done | changes)))


@transaction.atomic
def settle_tag_list(account_id: int, stored: Iterable[StoredTag], *, read_at: datetime) -> None:
    """Compare the allow-list with the provider's list of tags.

    What was deleted there leaves the allow-list. So does what was renamed there, unless it is
    ours: that is named back.
    """
    by_id = {one.tag_id: one for one in stored}
    rows = CorpTag.objects.filter(account_id=account_id)
    rows.filter(read_due_at__lte=read_at).update(read_due_at=None)
    made_before = rows.filter(state=CorpTag.State.READY, leased_until=None)
    for tag in made_before.select_for_update(no_key=True):
        found = by_id.get(tag.tag_id)
        if found is None:
            lose_tag(tag, "lost", state=CorpTag.State.REMOVED, tag_id="", is_ours=False)
            RelationTag.objects.filter(tag=tag).delete()
        elif found.name != tag.name and not tag.is_ours:
            lose_tag(tag, "renamed", state=CorpTag.State.REMOVING)
            mark_carriers(tag)
        else:
            CorpTag.objects.filter(pk=tag.pk).update(seen_name=found.name)


def lose_tag(tag: CorpTag, finding: str, **changes: Any) -> None:
    CorpTag.objects.filter(pk=tag.pk).update(
        is_allowed=False, finding=finding, withdrawn_at=time.now(), **changes
    )
    record(tag, "corp_tag.lost", SystemActor(tag.hospital_id))


def ask_for_tag_list(account_id: int) -> None:
    """Have the provider's list of tags looked at."""
    CorpTag.objects.filter(account_id=account_id).update(read_due_at=time.now())


def record(tag: CorpTag, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=tag.hospital_id,
        subject="corp_tag",
        subject_id=tag.pk,
        by=by,
        data={"account_id": tag.account_id, "code": tag.code},
    )
