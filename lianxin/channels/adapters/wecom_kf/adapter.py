"""WeChat customer service: five texts within 48 hours of the patient's last message."""

from __future__ import annotations

from typing import Any

from lianxin.channels.adapters.base import (
    AccountFacts,
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
from lianxin.channels.adapters.envelope import open_sealed, open_text
from lianxin.channels.adapters.provider_http import Provider, Token
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.adapter import parse_rights_notice, parse_sync_notice
from lianxin.channels.adapters.wecom.calls import fetch_token
from lianxin.channels.adapters.wecom_kf.checks import CHECKS
from lianxin.channels.adapters.xml import field_text, parse_xml


class WeComKf:
    kind = "wecom_kf"
    platform = "wecom"
    carriers = frozenset({"text", "link", "menu", "welcome"})
    text_bytes = 2048
    checks: tuple[Check, ...] = CHECKS
    redact_keys = frozenset(
        {
            "access_token",
            "corpsecret",
            "token",
            "external_userid",
            "external_userid_list",
            "touser",
            "nickname",
            "avatar",
            "unionid",
            "content",
            "code",
        }
    )

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str:
        echo = request.query.get("echostr", "")
        return open_text(account, request, account.setting("corp_id"), echo)

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        return open_sealed(account, request, account.setting("corp_id"))

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]:
        del account
        message = parse_xml(body)
        event = field_text(message, "Event")
        if event == "kf_account_auth_change":
            return [parse_rights_notice(message)]
        return [parse_sync_notice(message)] if event == "kf_msg_or_event" else []

    async def fetch_token(self, provider: Provider) -> Token:
        return await fetch_token(provider)

    async def send(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send one text. The caller's key makes a repeat harmless (95033 means sent before)."""
        if outbound.carrier_kind not in self.carriers:
            raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)
        body: dict[str, Any] = {"msgid": outbound.client_key, **self.content(outbound)}
        if outbound.carrier_kind == "welcome":
            path = "/cgi-bin/kf/send_msg_on_event"
            body |= {"code": outbound.welcome_code}
        else:
            path = "/cgi-bin/kf/send_msg"
            open_kfid = provider.account.setting("open_kfid")
            body |= {"touser": outbound.address, "open_kfid": open_kfid}
        answer = await provider.post(path, body)
        message_id = as_text(answer.get("msgid")) or outbound.client_key
        return Sent(outbound.client_key, message_id, was_repeat=bool(answer.get("errcode")))

    def content(self, outbound: Outbound) -> dict[str, Any]:
        """Return the words, or the menu when there is something to press (document 94677).

        Text and address are one text; a link card would need an uploaded picture.
        """
        if not outbound.menu:
            words = outbound.text or outbound.title
            text = join_link(words, outbound.url, self.text_bytes)
            return {"msgtype": "text", "text": {"content": text}}
        check_menu(outbound.menu, outbound.client_key)
        items = [
            {"type": "click", "click": {"id": one.id, "content": one.text}} for one in outbound.menu
        ]
        head = cut_bytes(outbound.text, load_facts()["menu_head_bytes"])
        return {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": items}}
