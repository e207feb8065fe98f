"""Keep the corp's customer service accounts."""

from __future__ import annotations

from contextlib import suppress

import structlog
from django.db import IntegrityError, transaction
from procrastinate.exceptions import AlreadyEnqueued

from lianxin.channels import synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.jobs.keeping import keep_each
from lianxin.channels.queries import service_accounts as service_queries
from lianxin.core import time
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@periodic(seconds=5)
def keep_service_accounts(hospital_id: int) -> None:
    """Make, rename and delete what was asked for."""
    with scope(hospital_id):
        rows = service_queries.list_service_accounts_to_keep(hospital_id, time.now())
    keep_each(rows, synchronising.keep_service_account, "service_account")


@job(queue="default")
def read_service_accounts(hospital_id: int, account_id: int) -> None:
    """Read the corp's list again: somebody changed it, or what we may do with it."""
    try:
        synchronising.read_service_accounts(hospital_id, account_id)
    except (ProviderError, SendFailed) as error:
        # The daily comparison reads it, too.
        log.warning("service_accounts.not_read", account_id=account_id, reason=str(error))


def defer_reading(hospital_id: int, account_id: int) -> None:
    """Ask for one reading per channel of the corp that told us; a waiting one will see it too."""
    for account in service_queries.list_accounts_of_corp(hospital_id, account_id):
        lock = f"kf_accounts:{account.pk}"
        with suppress(AlreadyEnqueued, IntegrityError), transaction.atomic():
            read_service_accounts.configure(queueing_lock=lock).defer(
                hospital_id=hospital_id, account_id=account.pk
            )
