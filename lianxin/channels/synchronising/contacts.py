"""The network half of comparing contacts: page after page, stored with the cursor behind it.

Some pages are fetched while others are stored, so that neither waits for the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.actions.syncs import SyncClaim
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import Reaction
from lianxin.channels.adapters.wecom import calls as wecom_calls
from lianxin.channels.adapters.wecom.contacts import (
    Contact,
    ContactPage,
    fetch_contacts,
    join_pages,
    read_contact,
)
from lianxin.channels.models import Address, ContactSync
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.rules.tasks import NOT_A_CONTACT
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)

CURSOR_INVALID = "cursor_invalid"
# So many pages at most are in memory, and are stored together: each transaction has its price.
PAGES_AHEAD = 5


def sync_now(hospital_id: int, account_id: int) -> tuple[int, int]:
    """Compare our relations with the provider's lists, now and here: (added, ended).

    Raises what the provider said; the run stays open when trying again can help.
    """
    with scope(hospital_id):
        account = queries.find_account(hospital_id, account_id)
        if account is None:
            raise SendFailed("account_inactive", permanent=True)
        sync = actions.request_sync(account, by=SystemActor(hospital_id))
    run_sync(hospital_id, sync.pk)
    with scope(hospital_id):
        done = queries.find_sync(hospital_id, sync.pk) or sync
    return done.added_count, done.ended_count


def run_sync(hospital_id: int, sync_id: int) -> None:
    """Go on with a run from where it stands to its end. May die anywhere and run twice."""
    with scope(hospital_id):
        claim = actions.claim_sync(hospital_id, sync_id)
    if claim is None:
        return
    runner = Runner(hospital_id, claim)
    try:
        account = load_facts(hospital_id, claim.sync.account_id)
        run_with(account, lambda provider: runner.run(provider, account))
    except ProviderError as error:
        runner.fail(error)
        raise
    except SendFailed as error:
        with scope(hospital_id):
            actions.settle_sync_failed(runner.claim, error.reason_code, retry_at=None)
        raise


def read_contacts(hospital_id: int, account_id: int) -> int:
    """Look at the contacts of which something is missing, one by one; returns how many."""
    with scope(hospital_id):
        addresses = queries.list_contacts_to_read(hospital_id, account_id)
    if not addresses:
        return 0
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> int:
        for number, address in enumerate(addresses):
            read_at, is_told = time.now(), True
            try:
                contacts = await read_contact(provider, address.external_id)
            except ProviderError as error:
                if error.is_temporary or error.row.reaction == Reaction.CONFIG:
                    return number
                contacts, is_told = [], error.reason == NOT_A_CONTACT
            await sync_to_async(store_contact)(address, contacts, read_at, is_told=is_told)
        return len(addresses)

    def store_contact(
        address: Address, contacts: list[Contact], read_at: datetime, *, is_told: bool
    ) -> None:
        with scope(hospital_id):
            actions.settle_contact(account, address, contacts, read_at=read_at, is_told=is_told)

    return run_with(account, work)


class Pages:
    """The pages of a batch, fetched ahead: neither provider nor database waits for the other."""

    def __init__(self, provider: Provider, batch: Sequence[str], cursor: str) -> None:
        self.ready: asyncio.Queue[ContactPage | Exception] = asyncio.Queue(PAGES_AHEAD)
        self.failure: Exception | None = None
        self.fetching = asyncio.create_task(self.fetch(provider, batch, cursor))

    async def fetch(self, provider: Provider, batch: Sequence[str], cursor: str) -> None:
        try:
            while True:
                page = await fetch_contacts(provider, batch, cursor)
                await self.ready.put(page)
                cursor = page.next_cursor
                if not cursor:
                    return
        except Exception as error:  # noqa: BLE001 - raised again where the page is awaited
            await self.ready.put(error)

    async def take(self) -> ContactPage:
        """Wait for a page, and take the ones that are ready behind it with it, as one.

        Raises what the provider said instead of a page, after the pages before it were taken.
        """
        if self.failure is not None:
            raise self.failure
        pages: list[ContactPage] = []
        while not pages or not self.ready.empty():
            following = await self.ready.get()
            if isinstance(following, Exception):
                self.failure = following
                break
            pages.append(following)
        return join_pages(pages) if pages else await self.take()

    async def stop(self) -> None:
        self.fetching.cancel()
        with suppress(asyncio.CancelledError):
            await self.fetching


class Runner:
    """One worker at one run. `claim` is None once the run is somebody else's, or over."""

    def __init__(self, hospital_id: int, claim: SyncClaim) -> None:
        self.hospital_id = hospital_id
        self.claim = claim
        self.is_ours = True
        self.has_restarted = False

    @property
    def sync(self) -> ContactSync:
        return self.claim.sync

    async def run(self, provider: Provider, account: AccountFacts) -> None:
        if self.sync.state == ContactSync.State.WAITING:
            members = await wecom_calls.list_follow_users(provider)
            await sync_to_async(self.begin)(members)
        while self.is_ours and self.claim.batch:
            while not self.sync.is_ending and self.is_ours:
                await self.list_batch(provider, account)
            if self.is_ours:
                await sync_to_async(self.end_unlisted)(account)
        if self.is_ours:
            await sync_to_async(self.settle)()

    async def list_batch(self, provider: Provider, account: AccountFacts) -> None:
        """Fetch and store the pages of the batch, from the stored cursor on."""
        pages = Pages(provider, self.claim.batch, self.sync.cursor)
        try:
            while self.is_ours and not self.sync.is_ending:
                await sync_to_async(self.store)(account, await pages.take())
        except ProviderError as error:
            if error.reason != CURSOR_INVALID or self.has_restarted or not self.sync.cursor:
                raise
            # The provider does not know its own cursor any more: the batch begins anew, once.
            self.has_restarted = True
            await sync_to_async(self.restart_batch)()
        finally:
            await pages.stop()

    def move(self, claim: SyncClaim | None) -> None:
        self.is_ours = claim is not None
        self.claim = claim or self.claim

    def begin(self, members: list[str]) -> None:
        with scope(self.hospital_id):
            self.move(actions.begin_sync(self.claim, members))

    def store(self, account: AccountFacts, page: ContactPage) -> None:
        with scope(self.hospital_id):
            self.move(actions.store_contacts(self.claim, account, page))

    def restart_batch(self) -> None:
        with scope(self.hospital_id):
            self.move(actions.restart_batch(self.claim))

    def end_unlisted(self, account: AccountFacts) -> None:
        with scope(self.hospital_id):
            self.move(actions.end_unlisted(self.claim, account))

    def settle(self) -> None:
        with scope(self.hospital_id):
            actions.settle_sync(self.claim)

    def fail(self, error: ProviderError) -> None:
        """Stop here; what trying again can help goes on after the last stored page."""
        retry_at = error.as_failure("", time.now()).retry_at
        with scope(self.hospital_id):
            actions.settle_sync_failed(self.claim, error.reason, retry_at=retry_at)
