"""Keep contacts: who they are, their tags, the comparison with the provider."""

from __future__ import annotations

from contextlib import suppress

import structlog
from django.db import IntegrityError, transaction
from procrastinate.exceptions import AlreadyEnqueued

from lianxin.channels import queries, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.core import time
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@periodic(seconds=5)
def identify_addresses(hospital_id: int) -> None:
    """Ask for the union ids that join one person's addresses."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active())
    for account in accounts:
        if account.kind in synchronising.UNION_ID_ASKERS:
            synchronising.identify_addresses(hospital_id, account.pk)


@periodic(seconds=5)
def read_contacts(hospital_id: int) -> None:
    """Look at the contacts whose callback left something out: who, how they met, which tags."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        synchronising.read_contacts(hospital_id, account.pk)


@periodic(seconds=5)
def keep_tags(hospital_id: int) -> None:
    """Keep the allow-list of tags at the provider, and read its list when somebody changed it."""
    with scope(hospital_id):
        lists = queries.list_tag_lists_to_read(hospital_id)
        tags = queries.list_tags_to_keep(hospital_id, time.now())
    try:
        for account_id in lists:
            synchronising.read_tag_list(hospital_id, account_id)
        for tag in tags:
            synchronising.keep_tag(tag)
    except (ProviderError, SendFailed) as error:
        log.warning("tags.not_kept", reason=str(error))


@periodic(seconds=5, queue="bulk")
def mark_relations(hospital_id: int) -> None:
    """Make the tags at the provider equal to what people are to carry."""
    try:
        synchronising.mark_relations(hospital_id)
    except (ProviderError, SendFailed) as error:
        log.warning("relations.not_marked", reason=str(error))


@job(queue="bulk")
def sync_contacts(hospital_id: int, sync_id: int) -> None:
    """Go on with one comparison of contacts; what fails for now is taken up by keep_syncs."""
    try:
        synchronising.run_sync(hospital_id, sync_id)
    except (ProviderError, SendFailed) as error:
        log.warning("contact_sync.stopped", sync_id=sync_id, reason=str(error))


@periodic(seconds=5)
def keep_syncs(hospital_id: int) -> None:
    """Give every open comparison that nobody works at a job; a waiting job does."""
    with scope(hospital_id):
        for sync_id in queries.list_syncs_to_run(hospital_id, time.now()):
            lock = f"contacts:{sync_id}"
            with suppress(AlreadyEnqueued, IntegrityError), transaction.atomic():
                sync_contacts.configure(queueing_lock=lock).defer(
                    hospital_id=hospital_id, sync_id=sync_id
                )
