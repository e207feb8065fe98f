"""The network half of handing groups over, and of the provider's count of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from asgiref.sync import sync_to_async

from lianxin.channels import queries
from lianxin.channels.actions import group_days, group_transfers
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import PROVIDER_ZONE
from lianxin.channels.adapters.reactions import load_facts as load_limits
from lianxin.channels.adapters.wecom.groups import CountedDay, count_days, hand_over
from lianxin.channels.models import Account, GroupTransfer
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.rules import groups as rules
from lianxin.core import time
from lianxin.core.scope import scope


def make_group_transfers(hospital_id: int) -> None:
    """Hand over what was asked for: one call for groups that go the same way to one person."""
    with scope(hospital_id):
        rows = queries.list_group_transfers_to_make(hospital_id, time.now())
    same_way: dict[tuple[int, int, str, str], list[GroupTransfer]] = {}
    for row in rows:
        way = (row.account_id, row.to_id, row.kind, row.from_userid)
        same_way.setdefault(way, []).append(row)
    for transfers in same_way.values():
        make_transfer(hospital_id, transfers)


def make_transfer(hospital_id: int, transfers: list[GroupTransfer]) -> None:
    account = load_facts(hospital_id, transfers[0].account_id)
    with scope(hospital_id):
        claim = group_transfers.claim_transfers(transfers)
    if claim is None:
        return
    has_left = claim.kind == rules.LEFT

    async def work(provider: Provider) -> Mapping[str, str] | ProviderError:
        try:
            return await hand_over(provider, claim.chat_ids, claim.new_owner, has_left=has_left)
        except ProviderError as error:
            return error

    answer = run_with(account, work)
    with scope(hospital_id):
        if isinstance(answer, ProviderError):
            group_transfers.settle_transfers_failed(claim, answer)
        else:
            group_transfers.settle_transfers(claim, answer)


def count_group_days(account: Account) -> None:
    """Fetch the days that are not counted yet, owner by owner. May run twice."""
    hospital_id = account.hospital_id
    with scope(hospital_id):
        owners, latest = queries.list_owners(account), queries.latest_days(account)
    here = time.now().astimezone(PROVIDER_ZONE)
    today = here.replace(hour=0, minute=0, second=0, microsecond=0)
    spans = [(owner, span_of(latest.get(owner), today)) for owner in owners]
    wanted = [(owner, span) for owner, span in spans if span is not None]
    if not wanted:
        return
    account_facts = load_facts(hospital_id, account.pk)

    async def work(provider: Provider) -> None:
        for owner, span in wanted:
            days = await count_days(provider, owner, span.first, span.last)
            await sync_to_async(store)(owner, days)

    def store(owner: str, days: list[CountedDay]) -> None:
        with scope(hospital_id):
            group_days.store_days(account_facts, owner, days)

    run_with(account_facts, work)


def span_of(latest: date | None, today: datetime) -> rules.DaySpan | None:
    limits = load_limits()
    counted = None if latest is None else today + (latest - today.date())
    return rules.next_days(
        counted,
        today,
        most=limits["group_statistic_days"],
        oldest=limits["group_statistic_oldest_days"],
    )
