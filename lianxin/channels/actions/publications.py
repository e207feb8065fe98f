"""Publishing reviewed texts at an Official Account, and taking them away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lianxin.channels import facts, reasons
from lianxin.channels.actions.media import check_file, keep_file
from lianxin.channels.adapters.official_account import covers
from lianxin.channels.adapters.reactions import read_limits
from lianxin.channels.models import Account, Publication
from lianxin.channels.rules import publications as rules
from lianxin.channels.wording import refused_words
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Staff

State = Publication.State
OPEN = (State.WAITING, State.DRAFTED, State.SUBMITTING, State.EXAMINING, State.REMOVING)


@dataclass(frozen=True)
class Article:
    """One version of a reviewed text, as it goes out."""

    item_key: str
    number: int
    title: str
    digest: str
    content: str
    author: str = ""


@dataclass(frozen=True)
class Told:
    """What a callback says about one examination."""

    status: int
    article_id: str
    url: str
    at: datetime


@dataclass(frozen=True)
class PublicationClaim:
    """The right to take one step for one publication, until the lease ends."""

    row: Publication
    lease: datetime


@transaction.atomic
def ask_publication(
    account: Account, article: Article, *, by: Staff, cover: bytes = b""
) -> Publication:
    """Store the wish; a job publishes. The caller has looked whether the text is approved.

    `cover` is a picture that staff chose; without one the article gets the plain cover.
    """
    if not by.may("content.publish"):
        raise ForbiddenError
    limits = read_limits()["article"]
    fault = rules.find_article_fault(article.title, article.content, limits)
    if fault:
        raise RefusedError(reasons.sentence_of(fault))
    if refused_words(account.hospital_id, f"{article.title}\n{article.digest}\n{article.content}"):
        raise RefusedError(_("文章里有不能发给患者的话，请先改好。"))
    is_short = len(article.digest) <= limits["digest_characters"]
    is_name = len(article.author) <= limits["author_characters"]
    row, is_new = Publication.objects.get_or_create(
        account=account,
        item_key=article.item_key,
        number=article.number,
        defaults={
            "hospital_id": account.hospital_id,
            "title": article.title,
            "digest": article.digest if is_short else "",
            "author": article.author if is_name else "",
            "content": article.content,
            "cover_sha256": keep_cover(cover, by=by) if cover else "",
            "asked_by": by,
            "asked_at": time.now(),
        },
    )
    if not is_new:
        raise RefusedError(_("这一版已经交给这个公众号，不会再发一次。"))
    record(row, "publication.asked", by)
    return row


def keep_cover(picture: bytes, *, by: Staff) -> str:
    """Store the picture in the shape of a cover; returns its name among the stored files."""
    check_file(Account.Kind.OFFICIAL_ACCOUNT, picture)
    made = covers.make_cover(picture)
    if not made:
        raise RefusedError(_("这张图片打不开，请换一张 JPG 或 PNG。"))
    return keep_file(Account.Kind.OFFICIAL_ACCOUNT, made, "cover.jpg", by=by).sha256


@transaction.atomic
def take_result(account_id: int, publish_id: str, told: Told) -> bool:
    """Settle by what a callback says; True if it was news. A worker on its way settles nothing."""
    row = Publication.objects.filter(account_id=account_id, publish_id=publish_id).first()
    outcome = rules.outcome_of(row.state, told.status) if row else None
    if row is None or outcome is None:
        return False
    state, reason = outcome
    changes = published_changes(told.article_id, told.url, told.at) if not reason else {}
    settled = {"state": state, "failure_code": reason, "next_try_at": None, "leased_until": None}
    rows = Publication.objects.filter(pk=row.pk, state=row.state)
    is_news = bool(rows.update(**settled | changes))
    if is_news:
        record(row, f"publication.{state}", SystemActor(row.hospital_id))
    return is_news


def published_changes(article_id: str, url: str, at: datetime) -> dict[str, Any]:
    return {"article_id": article_id, "url": url, "published_at": at}


@transaction.atomic
def remove_publication(row: Publication, *, by: Staff) -> None:
    """Ask for an article to be taken away; it cannot come back."""
    if not by.may("content.publish"):
        raise ForbiddenError
    rows = Publication.objects.filter(pk=row.pk, state=State.PUBLISHED).exclude(article_id="")
    if not rows.update(state=State.REMOVING, failure_code="", next_try_at=None, leased_until=None):
        raise RefusedError(_("公众号上现在没有这篇文章可以删除。"))
    record(row, "publication.removal_asked", by)


def stop_publications(hospital_id: int, item_key: str, *, by: Actor) -> None:
    """Let no version of a text go that has not been submitted yet; a held lease is taken back.

    What is submitted already cannot be stopped: the text's page says that it must be deleted.
    """
    rows = Publication.objects.filter(hospital_id=hospital_id, item_key=item_key)
    waiting = rows.filter(state__in=[State.WAITING, State.DRAFTED])
    for row in waiting.select_for_update(no_key=True):
        told = {"state": State.FAILED, "failure_code": "article_withdrawn", "leased_until": None}
        Publication.objects.filter(pk=row.pk).update(**told)
        record(row, "publication.failed", by)


@transaction.atomic
def claim_publication(hospital_id: int, publication_id: int) -> PublicationClaim | None:
    """Take the next step for this worker; None when it is taken or over.

    A submission whose worker died is not repeated: it fails with an unknown outcome.
    """
    now = time.now()
    lease = now + facts.seconds("publication_lease_seconds")
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    rows = Publication.objects.filter(free, hospital_id=hospital_id, pk=publication_id)
    if not rows.filter(state__in=OPEN).update(leased_until=lease):
        return None
    row = Publication.objects.select_related("account__hospital").get(pk=publication_id)
    claim = PublicationClaim(row, lease)
    if row.state == State.SUBMITTING:
        settle_publication(claim, state=State.FAILED, failure_code="outcome_unknown")
        return None
    if row.state == State.DRAFTED:
        Publication.objects.filter(pk=row.pk).update(state=State.SUBMITTING)
        row.state = State.SUBMITTING
    return claim


@transaction.atomic
def settle_publication(claim: PublicationClaim, **changes: Any) -> None:
    """Store what a step brought; only the holder of the lease may."""
    told = {"failure_code": "", "next_try_at": None, "leased_until": None, **changes}
    rows = Publication.objects.filter(pk=claim.row.pk, leased_until=claim.lease)
    if rows.update(**told) and changes.get("state") in (
        State.PUBLISHED,
        State.FAILED,
        State.REMOVED,
    ):
        record(claim.row, f"publication.{changes['state']}", SystemActor(claim.row.hospital_id))


def fail_publication(
    claim: PublicationClaim, reason: str, *, permanent: bool, retry_at: datetime | None
) -> None:
    """Try again later, or give up; an article that stays is still published."""
    state = claim.row.state
    if permanent:
        is_there = state == State.REMOVING
        state = State.PUBLISHED if is_there else State.FAILED
        settle_publication(claim, state=state, failure_code=reason[:40])
        return
    if state == State.SUBMITTING:
        state = State.DRAFTED
    later = retry_at or time.now() + timedelta(seconds=facts.count("publication_retry_seconds"))
    settle_publication(claim, state=state, failure_code=reason[:40], next_try_at=later)


def record(row: Publication, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=row.hospital_id,
        subject="account",
        subject_id=row.account_id,
        by=by,
        data={"item_key": row.item_key, "number": row.number},
    )
