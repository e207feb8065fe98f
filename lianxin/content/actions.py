"""Writes. One function per thing that can happen to content; each records one event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lianxin.channels.actions import stop_publications
from lianxin.content import words
from lianxin.content.cleaning import clean_html
from lianxin.content.models import Item, PageAddress, Reading, Review, Revision
from lianxin.content.queries import facts_of, find_newest, text_of
from lianxin.content.rules import review, writing
from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Department, Staff


@dataclass(frozen=True)
class Words:
    """What an author writes. `body` is HTML, or plain text with blank lines."""

    title: str
    body: str
    summary: str = ""
    sources: tuple[str, ...] = ()
    review_due_on: date | None = None
    is_ai_generated: bool = False
    correction_note: str = ""


@dataclass(frozen=True)
class NewItem:
    code: str
    language: str = "zh-hans"
    classification: str = "EDU"
    dimension: str = "education"
    department: Department | None = None


@transaction.atomic
def add_item(hospital: Hospital, facts: NewItem, text: Words, *, by: Staff) -> Revision:
    """Start an item with its first draft."""
    check_may(by, "content.edit")
    try:
        with transaction.atomic():
            item = Item.objects.create(
                hospital=hospital,
                code=facts.code,
                language=facts.language,
                classification=facts.classification,
                dimension=facts.dimension,
                department=facts.department,
                created_at=time.now(),
            )
    except IntegrityError as error:
        raise RefusedError(_("这个代号和语言已经有一篇了。")) from error
    PageAddress.objects.create(hospital=hospital, item_key=item.key)
    return make_revision(item, text, number=1, by=by)


@transaction.atomic
def start_revision(item: Item, text: Words, *, by: Staff, is_correction: bool = False) -> Revision:
    """Write the next version of an item; a correction shows old and new to the readers."""
    check_may(by, "content.edit")
    newest = find_newest(item)
    if newest and newest.state in review.EDITABLE:
        raise RefusedError(_("已有一版在改，请先改完那一版。"))
    if is_correction and not text.correction_note.strip():
        raise RefusedError(_("更正要写明改了什么、为什么。"))
    number = newest.number + 1 if newest else 1
    revision = make_revision(item, text, number=number, by=by)
    if is_correction:
        Revision.objects.filter(pk=revision.pk).update(is_correction=True, corrects=item.published)
        revision.refresh_from_db()
    return revision


def make_revision(item: Item, text: Words, *, number: int, by: Staff) -> Revision:
    now = time.now()
    revision = Revision(
        hospital_id=item.hospital_id,
        item=item,
        number=number,
        author=by,
        created_at=now,
        edited_at=now,
    )
    write_words(item, revision, text)
    revision.save()
    record("content.drafted", revision, by=by)
    return revision


def write_words(item: Item, revision: Revision, text: Words) -> None:
    revision.title = text.title.strip()
    revision.summary = text.summary.strip()
    revision.body_html = clean_html(writing.to_html(text.body))
    revision.sources = [source.strip() for source in text.sources if source.strip()]
    revision.review_due_on = text.review_due_on
    revision.is_ai_generated = text.is_ai_generated
    revision.correction_note = text.correction_note.strip()
    revision.content_hash = review.hash_of(text_of(item, revision))


@transaction.atomic
def edit_revision(revision: Revision, text: Words, *, by: Staff) -> Revision:
    """Change an unpublished version. Any change takes an approval or a submission back."""
    check_may(by, "content.edit")
    fresh = lock(revision)
    if not review.may_edit(facts_of(fresh.item, fresh)):
        raise RefusedError(_("发布过的版本不能改，请另起一版。"))
    before = fresh.content_hash
    write_words(fresh.item, fresh, text)
    if fresh.content_hash != before:
        fresh.editor_ids = sorted({*fresh.editor_ids, by.pk} - {fresh.author_id})
        fresh.state = Revision.State.DRAFT
        fresh.reviewer, fresh.approved_hash, fresh.approved_at = None, "", None
    fresh.edited_at = time.now()
    fresh.save()
    record("content.edited", fresh, by=by)
    return fresh


def lock(revision: Revision) -> Revision:
    """Read the row again for writing back; two editors take turns."""
    rows = Revision.objects.select_for_update(of=("self",), no_key=True).select_related("item")
    return rows.get(pk=revision.pk)


@transaction.atomic
def submit_revision(revision: Revision, *, by: Staff) -> None:
    check_may(by, "content.edit")
    moved = Revision.objects.filter(pk=revision.pk, state=Revision.State.DRAFT).update(
        state=Revision.State.IN_REVIEW
    )
    if not moved:
        raise RefusedError(_("这一版不是草稿，不能再提交。"))
    record("content.submitted", revision, by=by)


@transaction.atomic
def comment_on(revision: Revision, note: str, *, by: Staff) -> Review:
    if not (by.may("content.edit") or by.may("content.review")):
        raise ForbiddenError
    if not note.strip():
        raise RefusedError(_("请写下意见。"))
    return add_review(revision, Review.Decision.COMMENT, note, by)


@transaction.atomic
def return_revision(revision: Revision, note: str, *, by: Staff) -> None:
    """Give it back to its author with what is to be mended."""
    check_may(by, "content.review")
    if not note.strip():
        raise RefusedError(_("退回要写明意见。"))
    moved = Revision.objects.filter(pk=revision.pk, state=Revision.State.IN_REVIEW).update(
        state=Revision.State.DRAFT
    )
    if not moved:
        raise RefusedError(_("这一版不在审核中。"))
    add_review(revision, Review.Decision.RETURN, note, by)
    record("content.returned", revision, by=by)


@transaction.atomic
def approve_revision(revision: Revision, *, seen_hash: str, by: Staff, note: str = "") -> None:
    """Approve exactly the text that the reviewer saw, named by its hash."""
    check_may(by, "content.review")
    fresh = lock(revision)
    today = time.today(by.hospital)
    reasons = review.why_not_approve(facts_of(fresh.item, fresh), by.pk, seen_hash, today)
    if reasons:
        raise RefusedError(words.sentences(reasons))
    Revision.objects.filter(pk=fresh.pk).update(
        state=Revision.State.APPROVED,
        reviewer=by,
        approved_hash=fresh.content_hash,
        approved_at=time.now(),
    )
    add_review(fresh, Review.Decision.APPROVE, note, by)
    record("content.approved", fresh, by=by)


@transaction.atomic
def publish_revision(revision: Revision, *, by: Staff) -> None:
    """Show the approved version to readers; the one before becomes history."""
    check_may(by, "content.publish")
    fresh = lock(revision)
    reasons = review.why_not_publish(facts_of(fresh.item, fresh), time.today(by.hospital))
    if reasons:
        raise RefusedError(words.sentences(reasons))
    Revision.objects.filter(item_id=fresh.item_id, state=Revision.State.PUBLISHED).update(
        state=Revision.State.SUPERSEDED
    )
    stop_publications(by.hospital_id, fresh.item.key, by=by)
    Revision.objects.filter(pk=fresh.pk).update(
        state=Revision.State.PUBLISHED, published_at=time.now()
    )
    Item.objects.filter(pk=fresh.item_id).update(published=fresh)
    name = "content.corrected" if fresh.is_correction else "content.published"
    record(name, fresh, by=by)


@transaction.atomic
def withdraw_item(item: Item, reason: str, *, by: Staff) -> None:
    """Take the published version from the readers at once."""
    check_may(by, "content.publish")
    if not reason.strip():
        raise RefusedError(_("撤回要写明原因。"))
    published = item.published
    cleared = Item.objects.filter(pk=item.pk, published=published).exclude(published=None)
    if published is None or not cleared.update(published=None):
        raise RefusedError(_("这一篇没有发布的版本。"))
    Revision.objects.filter(pk=published.pk).update(
        state=Revision.State.WITHDRAWN,
        withdrawn_at=time.now(),
        withdrawn_reason=reason.strip(),
    )
    stop_publications(by.hospital_id, item.key, by=by)
    record("content.withdrawn", published, by=by)


def add_review(revision: Revision, decision: str, note: str, by: Staff) -> Review:
    return Review.objects.create(
        hospital_id=revision.hospital_id,
        revision=revision,
        by=by,
        decision=decision,
        note=note.strip(),
        content_hash=revision.content_hash,
        at=time.now(),
    )


@transaction.atomic
def open_page(
    revision: Revision,
    *,
    holder: Holder | None,
    patient: Patient | None,
    delivery_key: str = "",
) -> Reading:
    """Write down an opening: once per delivery, and for a known reader without one once a day.

    A stranger's opening is counted and names nobody; a forwarded link opens no delivery.
    """
    if holder is None:
        return add_reading(revision, None, None, "")
    known = find_former(revision, holder, delivery_key)
    if known:
        return known
    try:
        with transaction.atomic():
            reading = add_reading(revision, holder, patient, delivery_key)
    except IntegrityError:
        # The same delivery was opened in another window at this very moment.
        return Reading.objects.get(hospital_id=revision.hospital_id, delivery_key=delivery_key)
    events.record(
        "content.opened",
        hospital_id=revision.hospital_id,
        subject="revision",
        subject_id=revision.pk,
        by=holder,
        patient_id=patient.pk if patient else None,
        data={"item_id": revision.item_id, "delivery_key": delivery_key},
    )
    return reading


def find_former(revision: Revision, holder: Holder, delivery_key: str) -> Reading | None:
    rows = Reading.objects.filter(hospital_id=revision.hospital_id)
    if delivery_key:
        return rows.filter(delivery_key=delivery_key).first()
    today = time.local(holder.hospital, time.now()).replace(hour=0, minute=0, second=0)
    rows = rows.filter(revision=revision, holder=holder, opened_at__gte=today)
    return rows.order_by("-opened_at").first()


def add_reading(
    revision: Revision, holder: Holder | None, patient: Patient | None, delivery_key: str
) -> Reading:
    return Reading.objects.create(
        hospital_id=revision.hospital_id,
        item_id=revision.item_id,
        revision=revision,
        holder=holder,
        patient=patient,
        delivery_key=delivery_key,
        opened_at=time.now(),
    )


@transaction.atomic
def deepen_reading(reading: Reading, depth: int) -> None:
    """Keep how far was read; it only grows, however often and in whatever order it is told."""
    Reading.objects.filter(pk=reading.pk, depth__lt=depth).update(depth=depth)


@transaction.atomic
def load_templates(
    hospital: Hospital,
    templates: Iterable[Mapping[str, Any]],
    *,
    author: Staff,
    reviewer: Staff | None = None,
    publisher: Staff | None = None,
) -> list[Item]:
    """Add the articles that come with the product as drafts; known ones are left alone.

    With a reviewer and a publisher they go through the same review as everything else.
    """
    loaded = []
    for template in templates:
        code, language = template["code"], template["language"]
        known = Item.objects.of(hospital.pk).filter(code=code, language=language).first()
        loaded.append(known or load_template(hospital, template, author, reviewer, publisher))
    return loaded


def load_template(
    hospital: Hospital,
    template: Mapping[str, Any],
    author: Staff,
    reviewer: Staff | None,
    publisher: Staff | None,
) -> Item:
    facts = NewItem(
        template["code"],
        template["language"],
        template["classification"],
        template["dimension"],
        author.department,
    )
    text = Words(
        title=template["title"],
        summary=template["summary"],
        body=template["body"],
        sources=tuple(template["sources"]),
        review_due_on=review.latest_review_on(time.today(hospital)),
    )
    revision = add_item(hospital, facts, text, by=author)
    if reviewer and publisher:
        submit_revision(revision, by=author)
        approve_revision(revision, seen_hash=revision.content_hash, by=reviewer)
        publish_revision(revision, by=publisher)
    revision.item.refresh_from_db()
    return revision.item


def check_may(by: Staff, permission: str) -> None:
    if not by.may(permission):
        raise ForbiddenError


def record(name: str, revision: Revision, *, by: Actor) -> None:
    events.record(
        name,
        hospital_id=revision.hospital_id,
        subject="revision",
        subject_id=revision.pk,
        by=by,
        data={"item_id": revision.item_id, "number": revision.number},
    )
