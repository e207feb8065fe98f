"""Keep accounts: live checks and the regular comparison."""

from __future__ import annotations

import structlog

from lianxin.channels import actions, queries, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@periodic(seconds=5)
def check_accounts(hospital_id: int) -> None:
    with scope(hospital_id):
        accounts = list(queries.list_accounts_to_check(hospital_id, time.now()))
    for account in accounts:
        try:
            synchronising.check_account(hospital_id, account.pk)
            if account.kind == Account.Kind.OFFICIAL_ACCOUNT:
                synchronising.read_subscribe_templates(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            # Switched off since it was listed, or without this right.
            log.info("account.not_checked", account=account.key, reason=str(error))


@periodic(seconds=60, queue="bulk")
def reconcile(hospital_id: int) -> None:
    """Compare with the providers' lists, as often as the setting says."""
    with scope(hospital_id):
        due = queries.list_accounts_to_reconcile(hospital_id, time.now())
    for account in due:
        if account.kind == Account.Kind.WECOM:
            # Its list may take minutes, so a job of its own reads it.
            with scope(hospital_id):
                actions.request_sync(account, by=SystemActor(hospital_id))
                actions.request_group_sync(account, by=SystemActor(hospital_id))
            continue
        try:
            reconcile_account(account)
        except (ProviderError, SendFailed) as error:
            # One provider that is away does not keep the others from being compared.
            log.warning("account.not_reconciled", account=account.key, reason=str(error))


def reconcile_account(account: Account) -> None:
    """Compare one account now, in this process."""
    if account.kind == Account.Kind.WECOM:
        synchronising.sync_now(account.hospital_id, account.pk)
        synchronising.sync_groups_now(account.hospital_id, account.pk)
    elif account.kind == Account.Kind.WECOM_KF:
        synchronising.sync_messages(account.hospital_id, account.pk, "")
        synchronising.read_servicers(account.hospital_id, account.pk)
        synchronising.read_service_accounts(account.hospital_id, account.pk)
    elif account.kind == Account.Kind.OFFICIAL_ACCOUNT:
        synchronising.compare_followers(account.hospital_id, account.pk)
