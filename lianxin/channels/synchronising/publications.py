"""The network half of articles: one step at a time, each claimed and settled on its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings

from lianxin.channels import actions, facts, queries
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.official_account import articles
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.models import Publication
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.rules import publications as rules
from lianxin.core import time
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)
State = Publication.State


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
        url = f"{settings.BASE_URL}/p/read/{row.item_key}/"
        draft_id = await articles.add_draft(provider, row.title, row.digest, row.content, url)
        return {"state": State.DRAFTED, "draft_id": draft_id}
    if row.state == State.SUBMITTING:
        publish_id = await articles.submit_draft(provider, row.draft_id)
        return {"state": State.EXAMINING, "publish_id": publish_id}
    if row.state == State.REMOVING:
        await articles.delete_article(provider, row.article_id)
        return {"state": State.REMOVED}
    return read_result(await articles.find_result(provider, row.publish_id))


def read_result(found: articles.Examined) -> dict[str, Any]:
    if found.status == 0:
        more = {"article_id": found.article_id, "url": found.url}
        return {"state": State.PUBLISHED, **more}
    if found.status in (rules.UNDER_WAY, articles.UNREADABLE):
        later = timedelta(seconds=facts.count("publication_poll_seconds"))
        return {"next_try_at": time.now() + later}
    return {"state": State.FAILED, "failure_code": rules.refusal_of(found.status)}
