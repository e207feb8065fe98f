"""The network half of transfers: ask for them, ask about them, ask who is nobody's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.actions.transfers import TransferClaim
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import transfers
from lianxin.channels.models import Transfer
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope

# So many calls of one run; the next run goes on.
CALLS_PER_RUN = 50
Work = Callable[[Provider, AccountFacts, TransferClaim], Awaitable[ProviderError | None]]


def keep_transfers(hospital_id: int, account_id: int) -> int:
    """Ask for what is planned, then about what is due; returns how many calls."""
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> int:
        asked = await run_calls(provider, account, Transfer.State.PLANNED, ask_for)
        return asked + await run_calls(provider, account, Transfer.State.WAITING, ask_about)

    return run_with(account, work)


async def run_calls(provider: Provider, account: AccountFacts, state: str, work: Work) -> int:
    for number in range(CALLS_PER_RUN):
        claim = await sync_to_async(claim_transfers)(account, state)
        if claim is None:
            return number
        error = await work(provider, account, claim)
        if error is not None and error.is_temporary:
            return number + 1
    return CALLS_PER_RUN


def claim_transfers(account: AccountFacts, state: str) -> TransferClaim | None:
    with scope(account.hospital_id):
        return actions.claim_transfers(account.hospital_id, account.id, state)


async def ask_for(
    provider: Provider, account: AccountFacts, claim: TransferClaim
) -> ProviderError | None:
    external_ids = [row.address.external_id for row in claim.rows]
    try:
        codes = await transfers.transfer_customers(provider, claim.pair, external_ids, claim.words)
    except ProviderError as error:
        await sync_to_async(settle_asking_failed)(account, claim, error)
        return error
    await sync_to_async(settle_asked)(account, claim, codes)
    return None


async def ask_about(
    provider: Provider, account: AccountFacts, claim: TransferClaim
) -> ProviderError | None:
    try:
        results = await transfers.list_results(provider, claim.pair)
    except ProviderError as error:
        await sync_to_async(settle_results_failed)(account, claim, error)
        return error
    await sync_to_async(settle_results)(account, claim, results)
    return None


def settle_asked(account: AccountFacts, claim: TransferClaim, codes: dict[str, int]) -> None:
    with scope(account.hospital_id):
        actions.settle_asked(claim, codes)


def settle_asking_failed(account: AccountFacts, claim: TransferClaim, error: ProviderError) -> None:
    with scope(account.hospital_id):
        actions.settle_asking_failed(claim, error)


def settle_results(
    account: AccountFacts, claim: TransferClaim, results: dict[str, transfers.Result]
) -> None:
    with scope(account.hospital_id):
        actions.settle_results(account, claim, results)


def settle_results_failed(
    account: AccountFacts, claim: TransferClaim, error: ProviderError
) -> None:
    with scope(account.hospital_id):
        actions.settle_results_failed(claim, error)


def read_unassigned(hospital_id: int, account_id: int) -> int:
    """Take in who has gone by the provider's own list; returns how many were news."""
    account = load_facts(hospital_id, account_id)
    found = run_with(account, transfers.list_unassigned)
    with scope(hospital_id):
        row = queries.find_account(hospital_id, account_id)
        if row is None:
            raise SendFailed("account_inactive", permanent=True)
        return actions.note_unassigned(row, [(one.from_userid, one.left_at) for one in found])
