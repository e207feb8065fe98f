"""The network half of files: what welcomes carry is at the provider before it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import sync_to_async

from lianxin.channels import actions
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.queries.media import NeededFile
from lianxin.channels.uploading import renew_media
from lianxin.core.scope import scope


def keep_media(hospital_id: int, account_id: int, needed: Sequence[NeededFile]) -> None:
    """Upload each; one that fails does not stop the others. Twice only makes a newer id."""
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> None:
        for one in needed:
            try:
                await renew_media(provider, one.use, one.sha256)
            except ProviderError as error:
                await sync_to_async(note_failed)(account, one, error.reason)
            except SendFailed as failure:
                await sync_to_async(note_failed)(account, one, failure.reason_code)

    run_with(account, work)


def note_failed(account: AccountFacts, one: NeededFile, reason: str) -> None:
    with scope(account.hospital_id):
        actions.note_media_failed(account, one.sha256, one.use, reason)
