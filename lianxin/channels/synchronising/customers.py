"""The network half of names: ask who writes to customer service, a hundred at a time."""

from __future__ import annotations

from lianxin.channels import actions, facts, queries
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import Reaction
from lianxin.channels.adapters.wecom_kf.customers import Customer, describe_customers
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.scope import scope


def read_customers(hospital_id: int, account_id: int) -> int:
    """Ask who the people are of whom nobody knows a name; returns how many were asked about."""
    most = facts.count("kf_customers_per_call")
    with scope(hospital_id):
        addresses = queries.list_contacts_to_read(hospital_id, account_id, most)
    if not addresses:
        return 0
    account = load_facts(hospital_id, account_id)
    read_at = time.now()

    async def work(provider: Provider) -> list[Customer]:
        try:
            return await describe_customers(provider, [one.external_id for one in addresses])
        except ProviderError as error:
            if error.is_temporary or error.row.reaction == Reaction.CONFIG:
                raise
            return []  # nobody is told of these

    customers = run_with(account, work)
    with scope(hospital_id):
        actions.settle_customers(account, addresses, customers, read_at=read_at)
    return len(addresses)
