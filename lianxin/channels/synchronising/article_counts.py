"""The network half of the articles' counts: one call for each day something was published on."""

from __future__ import annotations

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.official_account import statistics
from lianxin.channels.adapters.official_account.statistics import ArticleCounts
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.models import Account
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.queries import article_counts
from lianxin.core import time
from lianxin.core.scope import scope


def read_article_counts(hospital_id: int, account_id: int) -> int:
    """Ask for every day that is behind; returns how many were asked for."""
    account = load_facts(hospital_id, account_id)
    with scope(hospital_id):
        row = queries.find_account(hospital_id, account_id)
        days = article_counts.list_days_to_count(hospital_id, account_id, time.now())
    if row is None:
        raise SendFailed("account_inactive", permanent=True)

    async def work(provider: Provider) -> int:
        for day in days:
            counts = await statistics.list_article_counts(provider, day)
            await sync_to_async(store)(row, counts)
        return len(days)

    return run_with(account, work) if days else 0


def store(account: Account, counts: list[ArticleCounts]) -> None:
    with scope(account.hospital_id):
        actions.store_article_counts(account, counts)
