"""The network half of the follower statistics: ask for the days that are counted and missing."""

from __future__ import annotations

from datetime import date

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.official_account import statistics
from lianxin.channels.adapters.official_account.statistics import FollowerCounts
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.reactions import load_facts as load_limits
from lianxin.channels.models import Account
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.queries import follower_days
from lianxin.channels.rules.follower_days import cut_spans
from lianxin.core import time
from lianxin.core.scope import scope


def read_follower_days(hospital_id: int, account_id: int) -> int:
    """Ask for every missing day, some at a time; returns how many were asked for."""
    account = load_facts(hospital_id, account_id)
    with scope(hospital_id):
        row = queries.find_account(hospital_id, account_id)
        if row is None:
            raise SendFailed("account_inactive", permanent=True)
        missing = follower_days.missing_follower_days(row, time.now())
    spans = cut_spans(missing, load_limits()["follower_days_asked"])

    async def work(provider: Provider) -> int:
        # The newest first: if the provider stops answering, yesterday is there.
        for first, last in reversed(spans):
            days = await statistics.list_follower_days(provider, first, last)
            await sync_to_async(store)(row, first, last, days)
        return len(missing)

    return run_with(account, work) if spans else 0


def store(account: Account, first: date, last: date, days: list[FollowerCounts]) -> None:
    with scope(account.hospital_id):
        actions.store_follower_days(account, first, last, days)
