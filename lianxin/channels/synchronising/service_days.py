"""The network half of the statistics of customer service: ask for the days that are missing."""

from __future__ import annotations

from datetime import date, timedelta

from asgiref.sync import sync_to_async

from lianxin.channels import actions, facts, queries
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import Reaction
from lianxin.channels.adapters.wecom_kf import service, statistics
from lianxin.channels.adapters.wecom_kf.statistics import ServiceCounts
from lianxin.channels.models import Account
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.queries import service_days as day_queries
from lianxin.channels.rules.service_days import find_gap
from lianxin.core import time
from lianxin.core.scope import scope

WHOLE = ""


def read_service_days(hospital_id: int, account_id: int) -> int:
    """Ask for the account and every servicer, from the oldest missing day on; returns how many.

    A day that could not be read is asked for by a later run, for a month.
    """
    account = load_facts(hospital_id, account_id)
    with scope(hospital_id):
        row = queries.find_account(hospital_id, account_id)
    if row is None:
        raise SendFailed("account_inactive", permanent=True)
    length = facts.count("kf_days_asked")
    last = queries.provider_today(time.now()) - timedelta(days=1)
    with scope(hospital_id):
        known = day_queries.known_days(row, last - timedelta(days=length - 1))

    async def work(provider: Provider) -> int:
        if find_gap(known.get(WHOLE, ()), last, length) is None:
            return 0
        listed = [one.userid for one in await service.list_servicers(provider)]
        # The account comes last: while it is missing, the next run begins anew.
        for userid in [*listed, WHOLE]:
            first = find_gap(known.get(userid, ()), last, length)
            if first is not None:
                days = await ask(provider, userid, first, last)
                await sync_to_async(store)(row, userid, first, last, days)
        return len(listed)

    return run_with(account, work)


async def ask(provider: Provider, userid: str, first: date, last: date) -> list[ServiceCounts]:
    try:
        return await statistics.list_days(provider, userid, first, last)
    except ProviderError as error:
        if error.is_temporary or error.row.reaction == Reaction.CONFIG:
            raise
        return []  # nothing is told of this one


def store(row: Account, userid: str, first: date, last: date, days: list[ServiceCounts]) -> None:
    with scope(row.hospital_id):
        actions.store_service_days(row, userid, first, last, days)
