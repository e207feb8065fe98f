"""Keep what depends on members: transfers and their days."""

from __future__ import annotations

import structlog

from lianxin.channels import queries, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@periodic(seconds=5)
def keep_transfers(hospital_id: int) -> None:
    """Move contacts from one member to another, and ask what became of it."""
    with scope(hospital_id):
        accounts = queries.list_accounts_with_transfers(hospital_id, time.now())
    for account_id in accounts:
        try:
            synchronising.keep_transfers(hospital_id, account_id)
        except (ProviderError, SendFailed) as error:
            log.warning("transfers.not_kept", account_id=account_id, reason=str(error))


@periodic(seconds=3600, queue="bulk")
def read_unassigned(hospital_id: int) -> None:
    """Ask who has gone and left contacts behind: a callback may be lost, or not be set up."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        try:
            synchronising.read_unassigned(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("unassigned.not_read", account=account.key, reason=str(error))


@periodic(seconds=3600, queue="bulk")
def read_member_days(hospital_id: int) -> None:
    """Ask what members did yesterday, once the provider has counted it."""
    if not queries.is_day_told(time.now()):
        return
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        try:
            synchronising.read_member_days(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("member_days.not_read", account=account.key, reason=str(error))
