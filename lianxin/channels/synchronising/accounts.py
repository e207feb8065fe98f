"""The network half of accounts: live checks, and who somebody is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.checking import Finding, run_checks
from lianxin.channels.adapters.official_account import calls as official_calls
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.models import Account
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope

AskUnionId = Callable[[Provider, str], Awaitable[str]]
UNION_ID_ASKERS: dict[str, AskUnionId] = {
    Account.Kind.OFFICIAL_ACCOUNT: official_calls.find_union_id,
}


def check_account(hospital_id: int, account_id: int) -> list[Finding]:
    """Ask everything that can be asked about an account, and store the answers."""
    account = load_facts(hospital_id, account_id)
    with scope(hospital_id):
        seen = queries.find_account(hospital_id, account_id)
    if seen is None:
        return []

    async def work(provider: Provider) -> list[Finding]:
        return await run_checks(provider, ADAPTERS[account.kind].checks)

    found = run_with(account, work)
    with scope(hospital_id):
        findings = [*found, *queries.list_own_findings(hospital_id, account_id)]
        actions.settle_check(seen, findings)
    return findings


def identify_addresses(hospital_id: int, account_id: int) -> int:
    """Ask for union ids of new addresses; returns how many were asked about."""
    with scope(hospital_id):
        addresses = queries.list_unidentified(hospital_id, account_id)
    if not addresses:
        return 0
    account = load_facts(hospital_id, account_id)
    ask = UNION_ID_ASKERS[account.kind]

    async def work(provider: Provider) -> None:
        for address in addresses:
            try:
                union_id = await ask(provider, address.external_id)
            except ProviderError as error:
                if error.is_temporary:
                    return
                union_id = ""
            await sync_to_async(store_identity)(address.pk, union_id)

    def store_identity(address_id: int, union_id: str) -> None:
        with scope(hospital_id):
            address = queries.find_address(hospital_id, address_id)
            if address is not None:
                actions.settle_identity(address, union_id)

    run_with(account, work)
    return len(addresses)
