"""The network half of customer service messages: page after page from the stored cursor on."""

from __future__ import annotations

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom_kf import calls as kf_calls
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope

# More pages than three days of messages can fill; a provider that never stops is broken.
MAX_PAGES = 500


def sync_messages(hospital_id: int, account_id: int, token: str) -> int:
    """Fetch every page from the stored cursor on; returns how many messages came."""
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> int:
        cursor = await sync_to_async(read_cursor)(account)
        count = 0
        for _page in range(MAX_PAGES):
            page = await fetch_page(provider, cursor, token)
            await sync_to_async(store_page)(account, page)
            count, cursor = count + len(page.arrivals), page.cursor
            if not page.has_more:
                break
        return count

    return run_with(account, work)


async def fetch_page(provider: Provider, cursor: str, token: str) -> kf_calls.Page:
    """Fetch one page; a token that died meanwhile costs only the higher rate."""
    try:
        return await kf_calls.sync_page(provider, cursor=cursor, token=token)
    except ProviderError as error:
        if error.reason == "cursor_invalid" and cursor:
            return await kf_calls.sync_page(provider, cursor="", token=token)
        if error.reason == "sync_token_invalid" and token:
            return await kf_calls.sync_page(provider, cursor=cursor, token="")
        raise


def read_cursor(account: AccountFacts) -> str:
    with scope(account.hospital_id):
        found = queries.find_account(account.hospital_id, account.id)
    return found.sync_cursor if found else ""


def store_page(account: AccountFacts, page: kf_calls.Page) -> None:
    with scope(account.hospital_id):
        actions.store_page(account, page.arrivals, cursor=page.cursor)
