"""Mini-program: subscribe messages by one-time consent, customer messages in their windows."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.base import (
    AccountFacts,
    CallbackRefused,
    CallbackRequest,
    Inbound,
    Opened,
    Outbound,
    SendFailed,
    Sent,
    as_text,
    join_link,
)
from lianxin.channels.adapters.checking import Check
from lianxin.channels.adapters.envelope import check_size, open_text, verify_plain
from lianxin.channels.adapters.fitting import fit_data
from lianxin.channels.adapters.mini_program import calls
from lianxin.channels.adapters.mini_program.checks import CHECKS
from lianxin.channels.adapters.mini_program.parsing import event_key, parse_push, read_push
from lianxin.channels.adapters.official_account.calls import fetch_token
from lianxin.channels.adapters.provider_http import Provider, Token
from lianxin.channels.adapters.xml import XmlRefused, field_text


class MiniProgram:
    kind = "mini_program"
    platform = "mini_program"
    carriers = frozenset({"text", "link", "template"})
    text_bytes = 2048
    checks: tuple[Check, ...] = CHECKS
    redact_keys = frozenset(
        {
            "access_token",
            "secret",
            "session_key",
            "js_code",
            "code",
            "openid",
            "unionid",
            "touser",
            "content",
            "phoneNumber",
            "purePhoneNumber",
        }
    )

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str:
        """Return the echo as it came: here it is not encrypted."""
        verify_plain(account, request)
        return request.query.get("echostr", "")

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        """Open plain or safe mode, XML or JSON. An account in safe mode takes nothing plain."""
        check_size(request.body)
        try:
            if request.query.get("encrypt_type") == "aes":
                return self.open_sealed(account, request)
            return self.open_plain(account, request)
        except XmlRefused:
            raise CallbackRefused("body", 400) from None

    def open_sealed(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        encrypted = field_text(read_push(request.body), "Encrypt")
        body = open_text(account, request, account.setting("app_id"), encrypted)
        return Opened(event_key(read_push(body)), body)

    def open_plain(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        if account.setting("mode") == "safe":
            raise CallbackRefused("plain body in safe mode")
        verify_plain(account, request)
        message = read_push(request.body)
        ours = account.setting("original_id")
        if ours and field_text(message, "ToUserName") != ours:
            raise CallbackRefused("receive id")
        return Opened(event_key(message), request.body.decode(errors="replace"))

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]:
        del account
        return parse_push(read_push(body))

    async def fetch_token(self, provider: Provider) -> Token:
        return await fetch_token(provider)

    async def send(self, provider: Provider, outbound: Outbound) -> Sent:
        if outbound.carrier_kind == "template":
            return await self.send_subscribed(provider, outbound)
        if outbound.carrier_kind in self.carriers:
            return await self.send_text(provider, outbound)
        raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)

    async def send_subscribed(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send what the person ticked once. No key against repeats: silence is not repeated."""
        account = provider.account
        body = {
            "touser": outbound.address,
            "template_id": outbound.template_id,
            "page": calls.page_to(account, outbound.url),
            "data": fit_data(outbound.data, outbound.client_key),
            "miniprogram_state": account.setting("state") or "formal",
            "lang": "zh_CN",
        }
        answer = await provider.post("/cgi-bin/message/subscribe/send", body, is_repeatable=False)
        return Sent(outbound.client_key, as_text(answer.get("msgid")))

    async def send_text(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send within the window."""
        body = {"touser": outbound.address, **self.content(outbound)}
        answer = await provider.post("/cgi-bin/message/custom/send", body, is_repeatable=False)
        return Sent(outbound.client_key, as_text(answer.get("msgid")))

    def content(self, outbound: Outbound) -> dict[str, Any]:
        """Return one text with the address; a link card would need an uploaded picture."""
        text = join_link(outbound.text or outbound.title, outbound.url, self.text_bytes)
        return {"msgtype": "text", "text": {"content": text}}
