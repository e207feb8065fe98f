"""Keep groups: lists, join codes, welcomes, owners, days."""

from __future__ import annotations

from contextlib import suppress

import structlog
from django.db import IntegrityError, transaction
from procrastinate.exceptions import AlreadyEnqueued

from lianxin.channels import queries, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.jobs.keeping import keep_each
from lianxin.channels.models import Group
from lianxin.core import time
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@job(queue="bulk")
def sync_groups(hospital_id: int, sync_id: int) -> None:
    """Go on with one comparison of groups; what fails for now is taken up by keep_group_syncs."""
    try:
        synchronising.run_group_sync(hospital_id, sync_id)
    except (ProviderError, SendFailed) as error:
        log.warning("group_sync.stopped", sync_id=sync_id, reason=str(error))


@periodic(seconds=5)
def keep_group_syncs(hospital_id: int) -> None:
    """Give every open comparison of groups that nobody works at a job."""
    with scope(hospital_id):
        for sync_id in queries.list_group_syncs_to_run(hospital_id, time.now()):
            lock = f"groups:{sync_id}"
            with suppress(AlreadyEnqueued, IntegrityError), transaction.atomic():
                sync_groups.configure(queueing_lock=lock).defer(
                    hospital_id=hospital_id, sync_id=sync_id
                )


@periodic(seconds=5)
def read_groups(hospital_id: int) -> None:
    """Look at the groups that an event, a list or a person asked for."""
    with scope(hospital_id):
        due = queries.list_groups_to_read(hospital_id, time.now())
    by_account: dict[int, list[Group]] = {}
    for row in due:
        by_account.setdefault(row.account_id, []).append(row)
    for rows in by_account.values():
        try:
            synchronising.read_groups(hospital_id, rows)
        except (ProviderError, SendFailed) as error:
            log.warning("groups.not_read", reason=str(error))


@periodic(seconds=5)
def keep_join_codes(hospital_id: int) -> None:
    """Make the codes that lead into groups, and the groups' welcomes, what they are to be."""
    with scope(hospital_id):
        codes = queries.list_join_codes_to_keep(hospital_id, time.now())
        welcomes = queries.list_welcomes_to_keep(hospital_id, time.now())
    keep_each(codes, synchronising.keep_join_code, "join_code")
    keep_each(welcomes, synchronising.keep_group_welcome, "group_welcome")


@periodic(seconds=10)
def make_group_transfers(hospital_id: int) -> None:
    """Hand over the groups that are to have another owner."""
    try:
        synchronising.make_group_transfers(hospital_id)
    except SendFailed as error:
        log.warning("groups.not_handed_over", reason=str(error))


@periodic(seconds=3 * 3600, queue="bulk")
def count_group_days(hospital_id: int) -> None:
    """Fetch the provider's own count of the groups of each owner."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        try:
            synchronising.count_group_days(account)
        except (ProviderError, SendFailed) as error:
            log.warning("groups.not_counted", account=account.key, reason=str(error))
