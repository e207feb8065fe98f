"""The network half of live codes: one step towards what is wanted, and the provider's truth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lianxin.channels import actions, facts, rules
from lianxin.channels.actions.contact_ways import CodeClaim
from lianxin.channels.adapters.official_account import calls as official_calls
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import contact_ways
from lianxin.channels.adapters.wecom.contact_ways import ContactWay, StoredWay
from lianxin.channels.adapters.wecom_kf import calls as kf_calls
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope

# Where a link stands of which nobody said it.
DEFAULT_PLACE = "lianxin"
# What the provider was found to no longer have.
GONE = "gone"
StepAnswer = ContactWay | str | None


def keep_live_code(code: LiveCode) -> None:
    """Tell the provider the one thing it must know about this code now. May run twice."""
    account = load_facts(code.hospital_id, code.account_id)
    with scope(code.hospital_id):
        claim = actions.claim_code(code)
    if claim is None:
        return
    take_step = STEPS[claim.step]

    async def work(provider: Provider) -> StepAnswer | ProviderError:
        try:
            return await take_step(provider, claim)
        except ProviderError as error:
            return error

    answer = run_with(account, work)
    with scope(code.hospital_id):
        settle_step(claim, answer)


def settle_step(claim: CodeClaim, answer: StepAnswer | ProviderError) -> None:
    if isinstance(answer, ProviderError):
        actions.settle_failed(claim, answer)
    elif answer == GONE:
        actions.settle_reading(claim, None)
    elif isinstance(answer, ContactWay):
        actions.settle_made(claim, answer)
    elif claim.step == rules.UPDATE:
        actions.settle_updated(claim)
    else:
        actions.settle_withdrawn(claim)


async def make_code(provider: Provider, claim: CodeClaim) -> ContactWay:
    """Make it; one that was asked for before, without a known outcome, is looked for first."""
    code = claim.code
    if code.account.kind == Account.Kind.OFFICIAL_ACCOUNT:
        ticket, picture, content = await official_calls.create_qr(provider, code.state_key)
        return ContactWay(ticket[:120], picture, content)
    if code.account.kind == Account.Kind.WECOM_KF:
        # The same link each time, so asking twice does no harm. The provider draws no picture.
        place = code.place or DEFAULT_PLACE
        return ContactWay(place, "", await kf_calls.make_link(provider, place, code.state_key))
    found = await find_made_way(provider, claim) if claim.asked_at else None
    if found is None:
        return await contact_ways.add_contact_way(provider, claim.content, claim.temporary)
    await contact_ways.update_contact_way(provider, found.config_id, claim.content)
    return found.way


async def find_made_way(provider: Provider, claim: CodeClaim) -> StoredWay | None:
    asked_at, now = claim.asked_at or provider.clock(), provider.clock()
    spare = facts.seconds("contact_way_clock_seconds")
    state = claim.code.state_key
    return await contact_ways.find_contact_way(provider, state, asked_at - spare, now + spare)


async def update_code(provider: Provider, claim: CodeClaim) -> StepAnswer:
    """Change the way. A refusal may mean that it is gone: reading it tells."""
    try:
        await contact_ways.update_contact_way(provider, claim.code.config_id, claim.content)
    except ProviderError as error:
        is_refused = error.reason == contact_ways.WAY_REFUSED
        if is_refused and await find_way(provider, claim.code.config_id) is None:
            return GONE
        raise
    return None


async def find_way(provider: Provider, config_id: str) -> StoredWay | None:
    """Return the way as the provider has it, None when it is gone."""
    try:
        return await contact_ways.get_contact_way(provider, config_id)
    except ProviderError as error:
        if error.reason == contact_ways.WAY_REFUSED:
            return None
        raise


async def withdraw_code(provider: Provider, claim: CodeClaim) -> None:
    """Take the way back; one that is gone already is what we want."""
    config_id = claim.code.config_id
    if not config_id:
        found = await find_made_way(provider, claim)
        config_id = found.config_id if found else ""
    try:
        if config_id:
            await contact_ways.del_contact_way(provider, config_id)
    except ProviderError as error:
        if error.reason != contact_ways.WAY_REFUSED:
            raise


STEPS: dict[str, Callable[[Provider, CodeClaim], Awaitable[StepAnswer]]] = {
    rules.MAKE: make_code,
    rules.UPDATE: update_code,
    rules.WITHDRAW: withdraw_code,
}


def read_live_code(code: LiveCode) -> None:
    """Read the provider's truth about a code; what differs is mended by the next step."""
    account = load_facts(code.hospital_id, code.account_id)
    with scope(code.hospital_id):
        claim = actions.claim_reading(code)
    if claim is None:
        return

    async def work(provider: Provider) -> StoredWay | ProviderError | None:
        try:
            return await find_way(provider, claim.code.config_id)
        except ProviderError as error:
            return error

    stored = run_with(account, work)
    with scope(code.hospital_id):
        if isinstance(stored, ProviderError):
            actions.settle_failed(claim, stored)
        else:
            actions.settle_reading(claim, stored)
