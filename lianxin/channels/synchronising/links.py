"""The network half of acquisition links: one step towards what is wanted, counts, the quota."""

from __future__ import annotations

from datetime import timedelta

from lianxin.channels import facts, rules
from lianxin.channels.actions import links as actions
from lianxin.channels.actions.links import LinkClaim
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import acquisition
from lianxin.channels.adapters.wecom.acquisition import (
    LinkCounts,
    LinkCustomer,
    Quota,
    StoredLink,
)
from lianxin.channels.models import Account, AcquisitionLink
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope

# What the provider was found to no longer have.
GONE = "gone"
Answer = StoredLink | str | None
Seen = tuple[StoredLink, LinkCounts, list[LinkCustomer]]


def keep_link(link: AcquisitionLink) -> None:
    """Tell the provider the one thing it must know about this link now. May run twice."""
    account = load_facts(link.hospital_id, link.account_id)
    with scope(link.hospital_id):
        claim = actions.claim_link(link)
    if claim is None:
        return

    async def work(provider: Provider) -> Answer | ProviderError:
        try:
            return await take_step(provider, claim)
        except ProviderError as error:
            return error

    answer = run_with(account, work)
    with scope(link.hospital_id):
        settle_step(claim, answer)


async def take_step(provider: Provider, claim: LinkClaim) -> Answer:
    if claim.step == rules.MAKE:
        return await make_link(provider, claim)
    if claim.step == rules.UPDATE:
        return await update_link(provider, claim)
    link_id = claim.link.link_id
    if not link_id:
        made = await acquisition.find_named(provider, claim.link.key)
        link_id = made.link_id if made else ""
    if link_id:
        await acquisition.delete_link(provider, link_id)
    return None


async def make_link(provider: Provider, claim: LinkClaim) -> StoredLink:
    """Make it; one that was asked for before, without a known outcome, is looked for first."""
    found = await acquisition.find_named(provider, claim.link.key) if claim.asked_at else None
    if found is None:
        return await acquisition.create_link(provider, claim.content)
    await acquisition.update_link(provider, found.link_id, claim.content)
    return found


async def update_link(provider: Provider, claim: LinkClaim) -> Answer:
    """Change the link. A refusal may mean that it is gone: reading it tells."""
    link_id = claim.link.link_id
    try:
        await acquisition.update_link(provider, link_id, claim.content)
    except ProviderError as error:
        is_refused = error.reason == acquisition.LINK_REFUSED
        if is_refused and await acquisition.find_link(provider, link_id) is None:
            return GONE
        raise
    return None


def settle_step(claim: LinkClaim, answer: Answer | ProviderError) -> None:
    if isinstance(answer, ProviderError):
        actions.settle_failed(claim, answer)
    elif answer == GONE:
        actions.settle_gone(claim)
    elif isinstance(answer, StoredLink):
        actions.settle_made(claim, answer)
    elif claim.step == rules.UPDATE:
        actions.settle_updated(claim)
    else:
        actions.settle_withdrawn(claim)


def read_link(link: AcquisitionLink) -> None:
    """Read the provider's truth about a link, its counts, and whom it brought."""
    account = load_facts(link.hospital_id, link.account_id)
    with scope(link.hospital_id):
        claim = actions.claim_link(link, is_reading=True)
    if claim is None:
        return

    async def work(provider: Provider) -> Seen | ProviderError | None:
        try:
            return await look_at(provider, claim.link.link_id)
        except ProviderError as error:
            return error

    seen = run_with(account, work)
    with scope(link.hospital_id):
        if isinstance(seen, ProviderError):
            actions.settle_failed(claim, seen)
        elif seen is None:
            actions.settle_gone(claim)
        else:
            actions.settle_read(claim, *seen)


async def look_at(provider: Provider, link_id: str) -> Seen | None:
    stored = await acquisition.find_link(provider, link_id)
    if stored is None:
        return None
    now = provider.clock()
    # Both ends are counted whole, so a span of thirty days begins a day later.
    first = now - facts.days("link_statistic_days") + timedelta(days=1)
    counts = await acquisition.count_link(provider, link_id, first, now)
    customers = [one async for one in acquisition.list_customers(provider, link_id)]
    return stored, counts, customers


def read_quota(account: Account) -> None:
    """Read what is left of an account's quota. May run twice."""
    found = load_facts(account.hospital_id, account.pk)
    with scope(account.hospital_id):
        claim = actions.claim_quota(account)
    if claim is None:
        return

    async def work(provider: Provider) -> Quota | ProviderError:
        try:
            return await acquisition.fetch_quota(provider)
        except ProviderError as error:
            return error

    quota = run_with(found, work)
    with scope(account.hospital_id):
        if isinstance(quota, ProviderError):
            actions.settle_quota_failed(claim, quota)
        else:
            actions.settle_quota(claim, quota)
