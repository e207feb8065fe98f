"""Reads. Each takes the actor or the hospital first and returns nothing outside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from lianxin.compliance import queries as compliance
from lianxin.compliance.rules.guard import Finding
from lianxin.content.models import Item, PageAddress, Reading, Review, Revision
from lianxin.content.rules import difference, review
from lianxin.content.rules.difference import Change
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import Hospital

FALLBACK_LANGUAGE = "zh-hans"
OPEN_STATES = (Revision.State.DRAFT, Revision.State.IN_REVIEW, Revision.State.APPROVED)


def find_published(hospital_id: int, code: str, language: str) -> Item | None:
    """Return the published item of this code, in the language or else in Chinese."""
    return published_by_code(hospital_id, [code], language).get(code)


def published_by_code(hospital_id: int, codes: Iterable[str], language: str) -> dict[str, Item]:
    """Return the published item of each code; a code without one is left out."""
    rows = Item.objects.of(hospital_id).filter(code__in=set(codes), published__isnull=False)
    rows = rows.filter(language__in={language, FALLBACK_LANGUAGE}).select_related("published")
    found: dict[str, Item] = {}
    for item in rows:
        if item.code not in found or item.language == language:
            found[item.code] = item
    return found


def items_by_key(hospital_id: int, keys: Iterable[str]) -> dict[str, Item]:
    """Return items by public key with their published revision, for cards and timelines."""
    rows = Item.objects.of(hospital_id).filter(key__in=set(keys)).select_related("published")
    return {item.key: item for item in rows}


def keys_of_items(hospital_id: int, item_ids: Iterable[int]) -> dict[int, str]:
    """Return the keys by id: what the addresses of these items are made of."""
    rows = Item.objects.filter(hospital_id=hospital_id, pk__in=set(item_ids))
    return dict(rows.values_list("pk", "key"))


def reading_path(item: Item) -> str:
    return f"/p/read/{item.key}/"


def count_readings(hospital_id: int, patient_id: int) -> int:
    return Reading.objects.filter(hospital_id=hospital_id, patient_id=patient_id).count()


@dataclass(frozen=True)
class Page:
    """A published revision as it is read, with what it corrects."""

    item: Item
    revision: Revision
    changes: list[Change]
    minutes: int
    first_published: Revision


def find_hospital_of_page(item_key: str) -> Hospital | None:
    """Return whose page it is; needs no scope, opens none."""
    rows = PageAddress.objects.filter(item_key=item_key).select_related("hospital")
    address = rows.first()
    return address.hospital if address else None


def access_page(hospital_id: int, item_key: str) -> Page:
    """Return what everybody may read; a draft or a withdrawn page does not exist."""
    rows = Item.objects.of(hospital_id).filter(key=item_key, published__isnull=False)
    item = rows.select_related(
        "hospital",
        "department",
        "published__author__department",
        "published__reviewer",
        "published__corrects",
    ).first()
    if item is None or item.published is None:
        raise NotFoundError
    return make_page(item, item.published)


def make_page(item: Item, revision: Revision) -> Page:
    first = item.revisions.filter(published_at__isnull=False).order_by("number").first()
    return Page(
        item=item,
        revision=revision,
        changes=changes_of(revision),
        minutes=difference.reading_minutes(revision.body_html),
        first_published=first or revision,
    )


def changes_of(revision: Revision) -> list[Change]:
    if not revision.is_correction or revision.corrects is None:
        return []
    return difference.find_changes(revision.corrects.body_html, revision.body_html)


def find_reading(hospital_id: int, key: str) -> Reading | None:
    return Reading.objects.filter(hospital_id=hospital_id, key=key).first()


def list_items(actor: Actor, *, state: str = "", search: str = "") -> QuerySet[Item]:
    """List the library, newest first; `state` narrows to items with such a revision."""
    check_may_read(actor)
    rows = Item.objects.of(actor.hospital_id).select_related("published", "department")
    if state:
        wanted = Revision.objects.filter(hospital_id=actor.hospital_id, state=state)
        rows = rows.filter(pk__in=wanted.values("item_id"))
    if search.strip():
        titled = Revision.objects.filter(
            hospital_id=actor.hospital_id, title__icontains=search.strip()
        )
        rows = rows.filter(pk__in=titled.values("item_id"))
    return rows.order_by("-id")


def newest_revisions(hospital_id: int, item_ids: Iterable[int]) -> dict[int, Revision]:
    """Return the latest revision of each item, whatever its state."""
    rows = Revision.objects.filter(hospital_id=hospital_id, item_id__in=set(item_ids))
    rows = rows.select_related("author", "reviewer").order_by("item_id", "-number")
    return {revision.item_id: revision for revision in rows.distinct("item_id")}


def openings_of(hospital_id: int, item_ids: Iterable[int]) -> dict[int, int]:
    rows = Reading.objects.filter(hospital_id=hospital_id, item_id__in=set(item_ids))
    return dict(rows.values("item_id").annotate(n=Count("pk")).values_list("item_id", "n"))


def count_by_state(actor: Actor) -> dict[str, int]:
    check_may_read(actor)
    rows = Revision.objects.filter(hospital_id=actor.hospital_id)
    return dict(rows.values("state").annotate(n=Count("pk")).values_list("state", "n"))


def check_may_read(actor: Actor) -> None:
    if not actor.may("content.read"):
        raise ForbiddenError


def access_item(actor: Actor, key: str) -> Item:
    check_may_read(actor)
    rows = Item.objects.of(actor.hospital_id).filter(key=key)
    item = rows.select_related("published", "department", "hospital").first()
    if item is None:
        raise NotFoundError
    return item


def access_revision(actor: Actor, item: Item, number: int) -> Revision:
    """Return one version of an item that the actor could fetch."""
    check_may_read(actor)
    rows = Revision.objects.filter(hospital_id=actor.hospital_id, item=item, number=number)
    revision = rows.select_related("author", "author__department", "reviewer", "corrects").first()
    if revision is None:
        raise NotFoundError
    return revision


def find_newest(item: Item) -> Revision | None:
    rows = item.revisions.select_related("author", "author__department", "reviewer", "corrects")
    return rows.order_by("-number").first()


def list_revisions(item: Item) -> list[Revision]:
    return list(item.revisions.select_related("author", "reviewer").order_by("-number"))


def list_reviews(revision: Revision) -> list[Review]:
    return list(revision.reviews.select_related("by").order_by("at", "pk"))


def text_of(item: Item, revision: Revision) -> review.Text:
    return review.Text(
        classification=item.classification,
        language=item.language,
        title=revision.title,
        summary=revision.summary,
        body_html=revision.body_html,
        sources=tuple(str(source) for source in revision.sources),
        is_ai_generated=revision.is_ai_generated,
        correction_note=revision.correction_note,
    )


def find_findings(item: Item, revision: Revision) -> list[Finding]:
    """Return what the wording guard says to title, summary and body together."""
    body = difference.plain_text(revision.body_html)
    words = f"{revision.title}\n{revision.summary}\n{revision.correction_note}\n{body}"
    return compliance.check_wording(item.hospital_id, words, review.CONTEXTS[item.classification])


def facts_of(item: Item, revision: Revision) -> review.Facts:
    blocked = [f.words for f in find_findings(item, revision) if f.severity == "block"]
    return review.Facts(
        state=revision.state,
        author_ids=frozenset([revision.author_id, *revision.editor_ids]),
        content_hash=revision.content_hash,
        approved_hash=revision.approved_hash,
        source_count=sum(1 for source in revision.sources if str(source).strip()),
        review_due_on=revision.review_due_on,
        has_text=bool(revision.title.strip() and difference.plain_text(revision.body_html)),
        classification=item.classification,
        approval_no=item.ad_approval_no,
        approval_ends_on=item.ad_approval_ends_on,
        blocked=blocked,
    )


@dataclass(frozen=True)
class ReaderCount:
    """Who opened one item: how many openings, patients, and how many read to the end."""

    openings: int
    patients: int
    finished: int


def count_readers(item: Item) -> ReaderCount:
    rows = Reading.objects.filter(hospital_id=item.hospital_id, item=item)
    known = rows.filter(patient__isnull=False)
    return ReaderCount(
        openings=rows.count(),
        patients=known.values("patient_id").distinct().count(),
        finished=rows.filter(depth__gte=90).count(),
    )


def list_due_for_review(hospital_id: int, before: date) -> QuerySet[Revision]:
    """List published revisions whose review date lies before the day."""
    rows = Revision.objects.filter(hospital_id=hospital_id, state=Revision.State.PUBLISHED)
    return rows.filter(review_due_on__lt=before).order_by("review_due_on")
