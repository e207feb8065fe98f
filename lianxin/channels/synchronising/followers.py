"""The network half of comparing followers: page after page, each stored before the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.official_account.followers import (
    Follower,
    describe_followers,
    fetch_followers,
)
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import Reaction
from lianxin.channels.adapters.reactions import load_facts as load_limits
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.scope import scope


def compare_followers(hospital_id: int, account_id: int) -> None:
    """Compare our addresses with everybody who follows. May die anywhere and run twice."""
    account = load_facts(hospital_id, account_id)
    comparison = Comparison(account)
    run_with(account, comparison.run)


class Comparison:
    """One run over the list; one page of it is in memory."""

    def __init__(self, account: AccountFacts) -> None:
        self.account = account
        self.seen = self.added = self.ended = 0

    async def run(self, provider: Provider) -> None:
        started_at = read_second()
        after: str = ""
        total: int | None = None
        while True:
            read_at = read_second()
            page = await fetch_followers(provider, after)
            if not after or page.open_ids:
                total = page.total
            self.seen += len(page.open_ids)
            size = load_limits()["follower_rows"]
            for begin in range(0, len(page.open_ids), size):
                await self.take(provider, page.open_ids[begin : begin + size], read_at)
            # A provider that names the same place again would never come to an end.
            if page.next_id in {"", after}:
                break
            after = page.next_id
        # A list that is shorter than it says itself ends nobody.
        is_complete = total is not None and self.seen >= total
        await sync_to_async(self.settle)(started_at, is_complete=is_complete)

    async def take(self, provider: Provider, open_ids: Sequence[str], read_at: datetime) -> None:
        unknown = await sync_to_async(self.list_unknown)(open_ids)
        size = load_limits()["follower_describe"]
        strangers: list[Follower] = []
        for begin in range(0, len(unknown), size):
            strangers += await describe(provider, unknown[begin : begin + size])
        await sync_to_async(self.store)(open_ids, strangers, read_at)

    def list_unknown(self, open_ids: Sequence[str]) -> list[str]:
        with scope(self.account.hospital_id):
            known = queries.find_known_ids(self.account.hospital_id, self.account.id, open_ids)
        return [one for one in dict.fromkeys(open_ids) if one not in known]

    def store(
        self, open_ids: Sequence[str], strangers: Sequence[Follower], read_at: datetime
    ) -> None:
        with scope(self.account.hospital_id):
            self.added += actions.store_followers(
                self.account, open_ids, strangers, read_at=read_at
            )

    def settle(self, started_at: datetime, *, is_complete: bool) -> None:
        with scope(self.account.hospital_id):
            while is_complete and (ended := actions.end_unfollowed(self.account, started_at)):
                self.ended += ended
            actions.settle_followers(
                self.account,
                seen=self.seen,
                added=self.added,
                ended=self.ended,
                is_complete=is_complete,
            )


def read_second() -> datetime:
    """Return now as the provider tells time: in whole seconds, so that the two can be compared."""
    return time.now().replace(microsecond=0)


async def describe(provider: Provider, open_ids: Sequence[str]) -> list[Follower]:
    """Ask who these are; where nothing is told, the id alone is taken in."""
    try:
        return await describe_followers(provider, open_ids)
    except ProviderError as error:
        if error.is_temporary or error.row.reaction == Reaction.CONFIG:
            raise
        return [Follower(open_id) for open_id in open_ids]
