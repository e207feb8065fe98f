"""Reaching a provider from a job: the client, and the token that all processes share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic
from typing import TypeVar

import structlog
from asgiref.sync import async_to_sync, sync_to_async
from django.db import Error as DatabaseFault

from lianxin.channels import actions, facts, queries, rules, sealing
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.provider_http import (
    Provider,
    ProviderError,
    Token,
    open_client,
    unreachable,
)
from lianxin.channels.adapters.windows import CallWindows
from lianxin.channels.models import AccessToken
from lianxin.channels.queries.api_uses import list_uses
from lianxin.core import keys, time
from lianxin.core.scope import scope

T = TypeVar("T")
Fetch = Callable[[], Awaitable[Token]]

ACCESS = AccessToken.Kind.ACCESS
log = structlog.get_logger(__name__)

WINDOWS = CallWindows()
POLL_SECONDS = 0.2
SHORTEST_LIFE = timedelta(seconds=30)


class DatabaseTokens:
    """The token store on AccessToken rows: one process refreshes, the others wait for it.

    `access` names the account's token that calls go out with: its app's, or the archive's.
    """

    def __init__(self, access: str = ACCESS) -> None:
        self.access = access
        self.known: dict[tuple[int, str], tuple[str, bytes]] = {}
        # One per kind: whoever fetches a ticket needs the access token meanwhile.
        self.locks: dict[tuple[int, str], asyncio.Lock] = {}

    async def obtain(self, account: AccountFacts, fetch: Fetch, kind: str = ACCESS) -> str:
        kind = self.access if kind == ACCESS else kind
        async with self.lock_of(account, kind):
            known = self.known.get((account.id, kind))
            if known is None:
                known = await self.wait_for(account, fetch, kind)
                self.known[account.id, kind] = known
            return known[0]

    def lock_of(self, account: AccountFacts, kind: str) -> asyncio.Lock:
        return self.locks.setdefault((account.id, kind), asyncio.Lock())

    async def wait_for(self, account: AccountFacts, fetch: Fetch, kind: str) -> tuple[str, bytes]:
        ends = monotonic() + facts.seconds("token_lease_seconds").total_seconds()
        while monotonic() < ends:
            found = await sync_to_async(read_token)(account, kind)
            if found is not None:
                return found
            if await sync_to_async(claim_token)(account, kind):
                await self.refresh(account, fetch, kind)
            else:
                await asyncio.sleep(POLL_SECONDS)
        raise ProviderError(unreachable(ADAPTERS[account.kind].platform), "token")

    async def refresh(self, account: AccountFacts, fetch: Fetch, kind: str) -> None:
        """Fetch with the lease in hand; a failure gives it back before it is raised."""
        try:
            token = await fetch()
        except BaseException:
            await sync_to_async(store_token)(account, None, kind)
            raise
        await sync_to_async(store_token)(account, token, kind)

    async def drop(self, account: AccountFacts, value: str) -> None:
        async with self.lock_of(account, self.access):
            known = self.known.get((account.id, self.access))
            if known is not None and known[0] == value:
                del self.known[account.id, self.access]
                await sync_to_async(forget_token)(account, known[1], self.access)


def read_token(account: AccountFacts, kind: str = ACCESS) -> tuple[str, bytes] | None:
    """Return the stored token and its sealed form while it is fresh."""
    with scope(account.hospital_id):
        row = queries.find_token(account.hospital_id, account.id, kind)
        if row is None or not row.token_sealed:
            return None
        if not rules.is_token_fresh(row.expires_at, time.now(), timedelta()):
            return None
        sealed = bytes(row.token_sealed)
        value = keys.hospital_open(account.hospital_id, sealed, field=sealing.TOKEN_FIELD)
        return value, sealed


def claim_token(account: AccountFacts, kind: str) -> bool:
    with scope(account.hospital_id):
        return actions.claim_refresh(account.hospital_id, account.id, kind) is not None


def store_token(account: AccountFacts, token: Token | None, kind: str) -> None:
    with scope(account.hospital_id):
        if token is None:
            actions.settle_token(account.hospital_id, account.id, "", None, kind)
            return
        # Kept a little shorter than promised, so that no call leaves with a dying token.
        spare = facts.seconds("token_spare_seconds")
        lifetime = timedelta(seconds=token.lifetime_seconds)
        expires_at = time.now() + max(lifetime - spare, SHORTEST_LIFE)
        actions.settle_token(account.hospital_id, account.id, token.value, expires_at, kind)


def forget_token(account: AccountFacts, sealed: bytes, kind: str) -> None:
    with scope(account.hospital_id):
        actions.drop_token(account.hospital_id, account.id, sealed, kind)


def load_facts(hospital_id: int, account_id: int) -> AccountFacts:
    """Return the account, or fail the send for good when it is gone or switched off."""
    with scope(hospital_id):
        account = queries.account_facts(hospital_id, account_id)
    if account is None:
        raise SendFailed("account_inactive", permanent=True)
    return account


def run_with(
    account: AccountFacts, work: Callable[[Provider], Awaitable[T]], *, access: str = ACCESS
) -> T:
    """Run `work` against the account's provider. Outside any transaction, from a job's thread."""

    async def main() -> T:
        async with open_client() as client:
            adapter = ADAPTERS[account.kind]
            provider = Provider(
                client,
                account,
                DatabaseTokens(access),
                platform=adapter.platform,
                fetch_token=adapter.fetch_token,
                clock=time.now,
                windows=WINDOWS,
            )
            await sync_to_async(learn_uses)(account)
            try:
                return await work(provider)
            finally:
                await sync_to_async(tell_uses)(account)

    return async_to_sync(main)()


def learn_uses(account: AccountFacts) -> None:
    """Ask what other processes have called since, and what they were refused."""
    with scope(account.hospital_id):
        WINDOWS.learn(account.id, list_uses(account.hospital_id, account.id))


def tell_uses(account: AccountFacts) -> None:
    """Tell what this process has called. What a provider did is not undone because we cannot."""
    uses = WINDOWS.take_untold(account.id)
    if not uses:
        return
    try:
        with scope(account.hospital_id):
            found = actions.count_calls(account.hospital_id, account.id, uses)
    except DatabaseFault as error:
        WINDOWS.put_back(account.id, uses)
        log.warning("api_uses.not_told", account=account.key, error=type(error).__name__)
        return
    WINDOWS.learn(account.id, found)
