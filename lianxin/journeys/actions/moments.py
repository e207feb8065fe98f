"""Moments: written by one person, approved by another, then made at WeCom for staff to publish."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import actions as channels
from lianxin.channels.actions import MomentOrder
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.models import Account
from lianxin.channels.queries import moments_by_key
from lianxin.channels.queries.attachments import as_rows
from lianxin.content.models import Item
from lianxin.content.queries import reading_path
from lianxin.core import events, time
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.journeys import queries, words
from lianxin.journeys.models import MomentDraft
from lianxin.journeys.rules.moments import why_not_approve, why_not_send
from lianxin.staff.models import Staff

State = MomentDraft.State


@dataclass(frozen=True)
class MomentText:
    """What somebody wants published, by whom."""

    account: Account
    text: str
    item: Item | None
    picture: str
    senders: tuple[Staff, ...]
    # Up to nine pictures or one video; empty: `picture` alone.
    files: tuple[Attachment, ...] = ()


@transaction.atomic
def save_moment(content: MomentText, *, by: Staff, draft: MomentDraft | None = None) -> MomentDraft:
    """Write a draft; an open one is written over, an approved one never changes."""
    if not by.may("journey.edit"):
        raise ForbiddenError
    draft = draft or MomentDraft(hospital_id=by.hospital_id, created_at=time.now())
    if draft.pk:
        held = MomentDraft.objects.select_for_update(no_key=True).get(pk=draft.pk)
        if held.state != State.DRAFT:
            raise RefusedError(_("这条朋友圈已经批准或撤下，不能再改。"))
    draft.account, draft.text, draft.item = content.account, content.text.strip(), content.item
    draft.picture, draft.made_by = content.picture, by
    draft.files = as_rows(content.files)
    draft.sender_ids = [one.pk for one in content.senders]
    channels.check_moment(draft.text, attachments_of(draft))
    refuse(why_not_send(queries.moment_facts(draft)))
    draft.save()
    record("moment.drafted", draft, by)
    return draft


@transaction.atomic
def approve_moment(draft: MomentDraft, *, by: Staff) -> None:
    """Approve a draft as it stands and have it made; whoever wrote it may not."""
    if not by.may("journey.approve"):
        raise ForbiddenError
    held = MomentDraft.objects.select_for_update(no_key=True).get(pk=draft.pk)
    refuse(why_not_approve(queries.moment_facts(held), by.pk))
    MomentDraft.objects.filter(pk=held.pk).update(
        state=State.APPROVED, approved_by=by, approved_at=time.now()
    )
    senders = [one for one in queries.list_senders(held.hospital_id) if one.pk in held.sender_ids]
    order = MomentOrder(
        unique_key=held.order_key,
        text=held.text,
        attachments=tuple(attachments_of(held)),
        userids=tuple(one.wecom_userid for one in senders),
    )
    channels.ask_for_moment(held.account, order, by=by)


@transaction.atomic
def withdraw_moment(draft: MomentDraft, *, by: Staff) -> None:
    """Drop a draft, or stop those who have not published; what was published stays visible."""
    if not by.may("journey.edit"):
        raise ForbiddenError
    dropped = MomentDraft.objects.filter(pk=draft.pk, state=State.DRAFT).update(
        state=State.WITHDRAWN
    )
    if dropped:
        record("moment.withdrawn", draft, by)
        return
    made = moments_by_key(draft.hospital_id, [draft.order_key]).get(draft.order_key)
    if made is None:
        raise RefusedError(_("这条朋友圈已经撤下。"))
    channels.cancel_moment(made, by=by)


def attachments_of(draft: MomentDraft) -> list[Attachment]:
    """Return what goes along: a link with the first picture as its cover, or the files alone."""
    files = list(queries.files_of_moment(draft))
    if draft.item is not None and draft.item.published is not None:
        url = settings.BASE_URL + reading_path(draft.item)
        cover = files.pop(0).file if files and files[0].kind == "image" else ""
        link = Attachment("link", file=cover, title=draft.item.published.title, url=url)
        # More than the cover cannot go beside a link: the check says so in words.
        return [link, *files]
    return files


def refuse(reasons: list[str]) -> None:
    if reasons:
        raise RefusedError(" ".join(str(words.MOMENT_REFUSALS[one]) for one in reasons))


def record(name: str, draft: MomentDraft, by: Staff) -> None:
    events.record(
        name,
        hospital_id=draft.hospital_id,
        subject="moment_draft",
        subject_id=draft.pk,
        by=by,
        data={"key": draft.key, "item_id": draft.item_id},
    )
