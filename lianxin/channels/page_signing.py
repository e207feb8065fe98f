"""Signatures for our pages inside WeCom and WeChat. Calls the provider when a ticket has died."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

from django.conf import settings
from django.utils.translation import gettext as _

from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.official_account import calls as official_account
from lianxin.channels.adapters.provider_http import Provider, Token
from lianxin.channels.adapters.wecom import calls as wecom
from lianxin.channels.models import AccessToken, Account
from lianxin.channels.providers import read_token, run_with
from lianxin.channels.rules.signatures import PageSignature, is_ours, sign_page
from lianxin.core import time
from lianxin.core.errors import RefusedError

NONCE_BYTES = 12
PAGE, AGENT = AccessToken.Kind.PAGE_TICKET, AccessToken.Kind.AGENT_TICKET
# Which tickets the client of a platform wants to see, and the call that gives each.
TICKETS: Mapping[str, Mapping[str, Callable[[Provider], Awaitable[Token]]]] = {
    Account.Kind.WECOM: {PAGE: wecom.fetch_page_ticket, AGENT: wecom.fetch_agent_ticket},
    Account.Kind.OFFICIAL_ACCOUNT: {PAGE: official_account.fetch_page_ticket},
}


def sign(account: AccountFacts, url: str) -> dict[str, PageSignature]:
    """Sign the address of one of our pages with every ticket of the account.

    A network call when a ticket is not fresh: never inside a transaction.
    """
    if not is_ours(url, settings.BASE_URL):
        raise RefusedError(_("这个地址不是本系统的页面，不能签名。请从企业微信的聊天侧边栏打开。"))
    stamp, nonce = int(time.now().timestamp()), secrets.token_hex(NONCE_BYTES)
    return {
        kind: PageSignature(stamp, nonce, sign_page(ticket, nonce, stamp, url))
        for kind, ticket in load_tickets(account).items()
    }


def load_tickets(account: AccountFacts) -> dict[str, str]:
    """Return the account's tickets: stored ones while they live, else fetched by one process."""
    kinds = TICKETS[account.kind]
    stored = {kind: read_token(account, kind) for kind in kinds}
    found = {kind: known[0] for kind, known in stored.items() if known is not None}
    if len(found) == len(kinds):
        return found

    async def work(provider: Provider) -> dict[str, str]:
        return {kind: await obtain(provider, kind) for kind in kinds}

    return run_with(account, work)


async def obtain(provider: Provider, kind: str) -> str:
    async def fetch() -> Token:
        return await TICKETS[provider.account.kind][kind](provider)

    return await provider.tokens.obtain(provider.account, fetch, kind)
