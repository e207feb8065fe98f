"""Keep customer service: its messages, its sessions, its servicers."""

from __future__ import annotations

from functools import partial

import structlog
from django.db import IntegrityError, transaction
from procrastinate.exceptions import AlreadyEnqueued

from lianxin.channels import queries, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.jobs.keeping import keep_each
from lianxin.channels.models import Account
from lianxin.channels.queries.service_days import is_day_counted
from lianxin.core import time
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


def defer_sync(hospital_id: int, notice: dict[str, str]) -> None:
    """Ask for one sync of the account; a waiting one will fetch these messages too."""
    account = queries.find_kf_account(hospital_id, notice.get("open_kfid", ""))
    if account is None:
        return
    lock = f"kf:{account.pk}"
    try:
        with transaction.atomic():
            sync_messages.configure(lock=lock, queueing_lock=lock).defer(
                hospital_id=hospital_id, account_id=account.pk, token=notice.get("token", "")
            )
    except (AlreadyEnqueued, IntegrityError):
        return


@job(queue="urgent")
def sync_messages(hospital_id: int, account_id: int, token: str = "") -> None:
    """Fetch what customer service has; some of it may be answered for 20 seconds only."""
    synchronising.sync_messages(hospital_id, account_id, token)


@job(queue="urgent")
def change_session(hospital_id: int, request_id: int) -> None:
    synchronising.change_session(hospital_id, request_id)


@periodic(seconds=60)
def sweep_sessions(hospital_id: int) -> None:
    """Take up changes of sessions whose job was lost."""
    with scope(hospital_id):
        left = queries.list_left_requests(hospital_id, time.now())
    for request_id in left:
        synchronising.change_session(hospital_id, request_id)


@periodic(seconds=5)
def keep_servicers(hospital_id: int) -> None:
    with scope(hospital_id):
        accounts = queries.list_servicer_accounts(hospital_id, time.now())
    keep_each(accounts, partial(synchronising.keep_servicers, hospital_id), "servicers")


@periodic(seconds=5)
def read_customers(hospital_id: int) -> None:
    """Ask who the people are that write to customer service."""
    for account in list_kf_accounts(hospital_id):
        try:
            synchronising.read_customers(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("customers.not_read", account=account.key, reason=str(error))


@periodic(seconds=3600, queue="bulk")
def read_service_days(hospital_id: int) -> None:
    """Ask what customer service did yesterday, and on days that are missing."""
    if not is_day_counted(time.now()):
        return
    for account in list_kf_accounts(hospital_id):
        try:
            synchronising.read_service_days(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("service_days.not_read", account=account.key, reason=str(error))


def list_kf_accounts(hospital_id: int) -> list[Account]:
    with scope(hospital_id):
        rows = queries.list_accounts(hospital_id).active().filter(kind=Account.Kind.WECOM_KF)
        return list(rows)
