"""The network half of the statistics: ask what each member did, once their day is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import Reaction
from lianxin.channels.adapters.reactions import load_facts as load_limits
from lianxin.channels.adapters.wecom import behavior
from lianxin.channels.adapters.wecom import calls as wecom_calls
from lianxin.channels.adapters.wecom.behavior import DayCounts
from lianxin.channels.models import Account
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.scope import scope


@dataclass(frozen=True)
class Span:
    """The account and the days that are asked for, both included."""

    account: Account
    first: date
    last: date


def read_member_days(hospital_id: int, account_id: int) -> int:
    """Ask for every member whose yesterday is missing, and some days before; returns how many."""
    account = load_facts(hospital_id, account_id)
    with scope(hospital_id):
        row = queries.find_account(hospital_id, account_id)
    if row is None:
        raise SendFailed("account_inactive", permanent=True)
    last = queries.provider_today(time.now()) - timedelta(days=1)
    span = Span(row, last - timedelta(days=load_limits()["member_days_asked"] - 1), last)

    async def work(provider: Provider) -> int:
        known = await sync_to_async(known_members)(span)
        members = await wecom_calls.list_follow_users(provider)
        missing = [userid for userid in members if userid not in known]
        for userid in missing:
            days = await ask(provider, span, userid)
            await sync_to_async(store)(span, userid, days)
        return len(missing)

    return run_with(account, work)


async def ask(provider: Provider, span: Span, userid: str) -> list[DayCounts]:
    try:
        return await behavior.list_days(provider, userid, span.first, span.last)
    except ProviderError as error:
        if error.is_temporary or error.row.reaction == Reaction.CONFIG:
            raise
        return []  # nothing is told of this one


def known_members(span: Span) -> set[str]:
    with scope(span.account.hospital_id):
        return queries.known_members(span.account, span.last)


def store(span: Span, userid: str, days: list[DayCounts]) -> None:
    with scope(span.account.hospital_id):
        actions.store_days(span.account, userid, span.first, span.last, days)
