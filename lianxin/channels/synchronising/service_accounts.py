"""The network half of customer service accounts: the list, and one step towards what is wanted."""

from __future__ import annotations

from lianxin.channels import actions
from lianxin.channels.actions.service_accounts import ServiceClaim
from lianxin.channels.adapters import uploads
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom_kf import accounts
from lianxin.channels.models import ServiceAccount
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.rules import service_accounts as rules
from lianxin.channels.uploading import prepare_media
from lianxin.core import time
from lianxin.core.scope import scope


def read_service_accounts(hospital_id: int, account_id: int) -> None:
    """Read which customer service accounts the corp has."""
    read_at = time.now()
    listed = run_with(load_facts(hospital_id, account_id), accounts.list_accounts)
    with scope(hospital_id):
        actions.note_service_accounts(hospital_id, account_id, listed, read_at)


def keep_service_account(row: ServiceAccount) -> None:
    """Tell the provider the one thing it must know about this account now. May run twice."""
    facts = load_facts(row.hospital_id, row.account_id)
    with scope(row.hospital_id):
        claim = actions.claim_service_account(row)
    if claim is None:
        return

    async def work(provider: Provider) -> str | ProviderError | SendFailed:
        try:
            return await take_step(provider, claim)
        except (ProviderError, SendFailed) as error:
            return error

    answer = run_with(facts, work)
    with scope(row.hospital_id):
        if isinstance(answer, ProviderError):
            actions.settle_service_failed(claim, answer)
        elif isinstance(answer, SendFailed):
            raise answer  # the picture did not go up: the lease runs out, and it is tried again
        else:
            actions.settle_service_step(claim, answer)


async def take_step(provider: Provider, claim: ServiceClaim) -> str:
    """Return the provider's id of the account that the step was about; empty when there is none."""
    row = claim.row
    if claim.step == rules.RENAME:
        await accounts.rename_account(provider, row.open_kfid, row.name)
        return row.open_kfid
    open_kfid = row.open_kfid or (await find_made(provider, claim) if claim.was_asked else "")
    if claim.step == rules.REMOVE:
        if open_kfid:
            await accounts.remove_account(provider, open_kfid)
        return open_kfid
    if open_kfid:
        return open_kfid
    media = await prepare_media(provider, uploads.MESSAGE, [row.picture])
    return await accounts.add_account(provider, row.name, media.get(row.picture, ""))


async def find_made(provider: Provider, claim: ServiceClaim) -> str:
    """Look for one that was asked for without an answer: of this name, and nobody else's."""
    listed = await accounts.list_accounts(provider)
    found = (one for one in listed if one.name == claim.row.name)
    return next((one.open_kfid for one in found if one.open_kfid not in claim.known), "")
