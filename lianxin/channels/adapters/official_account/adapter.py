"""Official Account: followers and their messages in; texts within 48 hours and templates out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
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
    check_menu,
    cut_bytes,
    join_link,
)
from lianxin.channels.adapters.checking import Check
from lianxin.channels.adapters.envelope import open_sealed, opened, parse_body, verify_plain
from lianxin.channels.adapters.fitting import fit_data
from lianxin.channels.adapters.official_account import calls
from lianxin.channels.adapters.official_account.checks import CHECKS
from lianxin.channels.adapters.official_account.parsing import parse_event, parse_message
from lianxin.channels.adapters.provider_http import Provider, ProviderError, Token
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.xml import field_text, parse_xml

BIZSEND = "/cgi-bin/message/subscribe/bizsend"
REFUSED = 43101


class OfficialAccount:
    kind = "official_account"
    platform = "official_account"
    carriers = frozenset({"text", "link", "menu", "template", "subscribe", "welcome"})
    text_bytes = 2048
    checks: tuple[Check, ...] = CHECKS
    redact_keys = frozenset({"access_token", "secret", "openid", "touser", "content", "unionid"})

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str:
        """Return the echo as it came: here it is not encrypted."""
        verify_plain(account, request)
        return request.query.get("echostr", "")

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        """Open plain or safe mode. An account in safe mode takes nothing plain."""
        is_sealed = request.query.get("encrypt_type") == "aes"
        if is_sealed:
            return open_sealed(account, request, account.setting("app_id"))
        if account.setting("mode") == "safe":
            raise CallbackRefused("plain body in safe mode")
        verify_plain(account, request)
        message = parse_body(request.body)
        ours = account.setting("original_id")
        if ours and field_text(message, "ToUserName") != ours:
            raise CallbackRefused("receive id")
        return opened(message, request.body.decode(errors="replace"))

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]:
        del account
        message = parse_xml(body)
        if field_text(message, "MsgType") == "event":
            return parse_event(message)
        found = parse_message(message)
        return [found] if found else []

    async def fetch_token(self, provider: Provider) -> Token:
        return await calls.fetch_token(provider)

    async def send(self, provider: Provider, outbound: Outbound) -> Sent:
        if outbound.carrier_kind == "template":
            return await self.send_template(provider, outbound)
        if outbound.carrier_kind == "subscribe":
            return await self.send_notice(provider, outbound)
        if outbound.carrier_kind == "welcome":
            return await self.send_welcome(provider, outbound)
        if outbound.carrier_kind in self.carriers:
            return await self.send_text(provider, outbound)
        raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)

    async def send_template(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send an approved template. `client_msg_id` lets the platform drop a repeat."""
        body: dict[str, Any] = {
            "touser": outbound.address,
            "template_id": outbound.template_id,
            "data": {name: {"value": value} for name, value in outbound.data.items()},
            "client_msg_id": outbound.client_key,
        }
        if outbound.url:
            body["url"] = outbound.url
        answer = await provider.post("/cgi-bin/message/template/send", body)
        return Sent(outbound.client_key, as_text(answer.get("msgid")))

    async def send_notice(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send what the person subscribed to. No key against repeats: silence is not repeated.

        The answer names no message; the result is told by its address and template.
        """
        body: dict[str, Any] = {
            "touser": outbound.address,
            "template_id": outbound.template_id,
            "data": fit_data(outbound.data, outbound.client_key),
        }
        if outbound.url:
            body["page"] = outbound.url
        try:
            answer = await provider.post(BIZSEND, body, is_repeatable=False)
        except ProviderError as error:
            if error.row.code != REFUSED:
                raise
            # The same code of a template message means a person who takes none at all.
            raise SendFailed(
                "no_tick_left", permanent=True, client_key=outbound.client_key
            ) from None
        return Sent(outbound.client_key, as_text(answer.get("msgid")))

    async def send_welcome(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send the words, then the card with the link: two of the three that a scan allows.

        The words count; they go without the card when that is refused.
        """
        sent = await self.send_text(provider, replace(outbound, carrier_kind="text", url=""))
        if outbound.url:
            with suppress(ProviderError):
                await self.send_text(provider, replace(outbound, carrier_kind="link"))
        return sent

    async def send_text(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send within the window. There is no key against repeats: silence is not repeated."""
        body = {"touser": outbound.address, **self.content(outbound)}
        answer = await provider.post("/cgi-bin/message/custom/send", body, is_repeatable=False)
        return Sent(outbound.client_key, as_text(answer.get("msgid")))

    def content(self, outbound: Outbound) -> dict[str, Any]:
        limits = load_facts()
        if outbound.menu:
            check_menu(outbound.menu, outbound.client_key)
            items = [{"id": one.id, "content": one.text} for one in outbound.menu]
            head = cut_bytes(outbound.text, limits["menu_head_bytes"])
            menu = {"head_content": head, "list": items, "tail_content": ""}
            return {"msgtype": "msgmenu", "msgmenu": menu}
        if outbound.carrier_kind == "link" and outbound.url:
            article = {
                "title": cut_bytes(outbound.title or outbound.text, limits["news_title_bytes"]),
                "description": cut_bytes(outbound.text, limits["news_text_bytes"]),
                "url": outbound.url,
            }
            return {"msgtype": "news", "news": {"articles": [article]}}
        text = join_link(outbound.text, outbound.url, self.text_bytes)
        return {"msgtype": "text", "text": {"content": text}}
