"""The network half of articles: one step at a time, each claimed and settled on its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from lianxin.channels import actions, facts, queries
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.official_account import articles, covers
from lianxin.channels.adapters.official_account.articles import Draft
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.uploads import Uploaded
from lianxin.channels.models import Publication
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.rules import publications as rules
from lianxin.core import time
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)
State = Publication.State
# What a cover's id is kept under, and the name of the plain one among the stored files.
COVER, PLAIN = "cover", "plain"


def keep_publications(hospital_id: int) -> None:
    """Take one step of each publication that is due."""
    with scope(hospital_id):
        due = queries.list_publications_to_keep(hospital_id, time.now())
    for publication_id in due:
        try:
            keep_publication(hospital_id, publication_id)
        except SendFailed as error:
            log.info("publication.not_kept", publication_id=publication_id, reason=str(error))


def keep_publication(hospital_id: int, publication_id: int) -> None:
    """Take the next step of one publication."""
    with scope(hospital_id):
        claim = actions.claim_publication(hospital_id, publication_id)
    if claim is None:
        return

    async def work(provider: Provider) -> dict[str, Any]:
        return await take_step(provider, claim.row)

    try:
        changes = run_with(load_facts(hospital_id, claim.row.account_id), work)
    except ProviderError as error:
        failure = error.as_failure("", time.now())
        with scope(hospital_id):
            actions.fail_publication(
                claim,
                failure.reason_code,
                permanent=failure.permanent,
                retry_at=failure.retry_at,
            )
        return
    with scope(hospital_id):
        actions.settle_publication(claim, **changes)


async def take_step(provider: Provider, row: Publication) -> dict[str, Any]:
    """Do what the state asks for; returns what is to be stored."""
    if row.state == State.WAITING:
        return {"state": State.DRAFTED, "draft_id": await make_draft(provider, row)}
    if row.state == State.SUBMITTING:
        sent = await articles.submit_draft(provider, row.draft_id)
        found = {"publish_id": sent.publish_id, "message_id": sent.message_id}
        return {"state": State.EXAMINING, **found}
    if row.state == State.REMOVING:
        await articles.delete_article(provider, row.article_id)
        return {"state": State.REMOVED}
    return read_result(await articles.find_result(provider, row.publish_id))


async def make_draft(provider: Provider, row: Publication) -> str:
    """Store the draft under its cover. A cover that was deleted there is stored once more."""
    draft = Draft(
        row.title,
        row.author,
        row.digest,
        row.content,
        f"{settings.BASE_URL}/p/read/{row.item_key}/",
        await have_cover(provider, row),
    )
    try:
        return await articles.add_draft(provider, draft)
    except ProviderError as error:
        if error.reason != articles.GONE:
            raise
    await sync_to_async(forget_cover)(row)
    return await articles.add_draft(
        provider, replace(draft, cover_id=await have_cover(provider, row))
    )


async def have_cover(provider: Provider, row: Publication) -> str:
    """Return the id of the cover. The platform keeps a thousand, so each is stored there once."""
    known = await sync_to_async(find_cover)(row)
    if known:
        return known
    picture = await sync_to_async(read_cover)(row)
    media_id = await articles.add_cover(provider, picture)
    uploaded = Uploaded(media_id, provider.clock(), is_lasting=True)
    await sync_to_async(store_cover)(provider.account, row, uploaded)
    return media_id


def cover_name(row: Publication) -> str:
    return row.cover_sha256 or PLAIN


def find_cover(row: Publication) -> str:
    with scope(row.hospital_id):
        good = queries.good_media(row.account_id, COVER, [cover_name(row)], time.now())
    return good.get(cover_name(row), "")


def read_cover(row: Publication) -> bytes:
    with scope(row.hospital_id):
        file = queries.find_file(row.hospital_id, row.cover_sha256) if row.cover_sha256 else None
    return bytes(file.content) if file else covers.make_plain_cover()


def store_cover(account: AccountFacts, row: Publication, uploaded: Uploaded) -> None:
    with scope(row.hospital_id):
        actions.store_media(account, cover_name(row), COVER, uploaded)


def forget_cover(row: Publication) -> None:
    with scope(row.hospital_id):
        actions.forget_media(row.account_id, [cover_name(row)], COVER)


def read_result(found: articles.Examined) -> dict[str, Any]:
    outcome = rules.outcome_of(State.EXAMINING, found.status)
    if outcome is None:
        later = timedelta(seconds=facts.count("publication_poll_seconds"))
        return {"next_try_at": time.now() + later}
    state, reason = outcome
    if reason:
        return {"state": state, "failure_code": reason}
    return {"state": state, **actions.published_changes(found.article_id, found.url, time.now())}
