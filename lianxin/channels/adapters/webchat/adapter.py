"""Web chat: the patient page shows the message, so taking it is sending it."""

from __future__ import annotations

from lianxin.channels.adapters.base import (
    AccountFacts,
    CallbackRefused,
    CallbackRequest,
    Inbound,
    Opened,
    Outbound,
    SendFailed,
    Sent,
)
from lianxin.channels.adapters.checking import Check
from lianxin.channels.adapters.provider_http import Provider, Token


class WebChat:
    kind = "webchat"
    platform = "webchat"
    carriers = frozenset({"text", "link"})
    text_bytes = 4000
    checks: tuple[Check, ...] = ()
    redact_keys = frozenset({"text"})

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str:
        del account, request
        raise CallbackRefused("no callbacks here", 404)

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        """Refuse: web chat comes in through the patient page, signed in."""
        del account, request
        raise CallbackRefused("no callbacks here", 404)

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]:
        del account, body
        return []

    async def fetch_token(self, provider: Provider) -> Token:
        del provider
        raise SendFailed("carrier_unsupported", permanent=True)

    async def send(self, provider: Provider, outbound: Outbound) -> Sent:
        del provider
        if outbound.carrier_kind not in self.carriers:
            raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)
        return Sent(outbound.client_key, outbound.client_key)
