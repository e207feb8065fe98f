"""WeCom calls beyond sending: tokens, members, paging, notices to staff."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import as_text, cut_bytes
from lianxin.channels.adapters.provider_http import Provider, ProviderError, Token

CONTACT = "/cgi-bin/externalcontact"
MAX_PAGES = 10_000
CARD_TITLE_BYTES = 128
CARD_TEXT_BYTES = 512
# Repeats of the same words within this time are dropped by the platform.
DUPLICATE_SECONDS = 1800
# 84061 on a list means that this member has no contacts.
EMPTY_LIST_CODE = 84061


@dataclass(frozen=True)
class NoticeResult:
    message_id: str
    unreached: frozenset[str]


async def fetch_token(provider: Provider) -> Token:
    account = provider.account
    answer = await provider.call(
        "GET",
        "/cgi-bin/gettoken",
        params={"corpid": account.setting("corp_id"), "corpsecret": account.secret("secret")},
        needs_token=False,
    )
    return Token(as_text(answer.get("access_token")), int(answer.get("expires_in") or 7200))


async def fetch_page_ticket(provider: Provider) -> Token:
    """Fetch what the corp's page signatures are made with."""
    return as_ticket(await provider.get("/cgi-bin/get_jsapi_ticket"))


async def fetch_agent_ticket(provider: Provider) -> Token:
    """Fetch what the app's page signatures are made with: chats open to these alone."""
    return as_ticket(await provider.get("/cgi-bin/ticket/get", type="agent_config"))


def as_ticket(answer: dict[str, Any]) -> Token:
    return Token(as_text(answer.get("ticket")), int(answer.get("expires_in") or 7200))


async def list_follow_users(provider: Provider) -> list[str]:
    answer = await provider.get(f"{CONTACT}/get_follow_user_list")
    return [as_text(userid) for userid in answer.get("follow_user") or []]


async def pages(
    provider: Provider, path: str, body: dict[str, Any], items: str
) -> AsyncIterator[dict[str, Any]]:
    cursor = ""
    for _page in range(MAX_PAGES):
        try:
            answer = await provider.post(path, {**body, "cursor": cursor})
        except ProviderError as error:
            if error.row.code == EMPTY_LIST_CODE:
                return
            raise
        for item in answer.get(items) or []:
            if isinstance(item, dict):
                yield item
        cursor = as_text(answer.get("next_cursor"))
        if not cursor:
            return


async def send_notice(
    provider: Provider, *, userids: Sequence[str], title: str, text: str, url: str
) -> NoticeResult:
    """Send an app message with a button to staff. Some may not be reached: see `unreached`."""
    card = {
        "title": cut_bytes(title, CARD_TITLE_BYTES),
        "description": cut_bytes(text, CARD_TEXT_BYTES),
        "url": url,
        "btntxt": "打开",
    }
    agent_id = provider.account.setting("agent_id")
    answer = await provider.post(
        "/cgi-bin/message/send",
        {
            "touser": "|".join(userids),
            "msgtype": "textcard",
            "agentid": int(agent_id) if agent_id.isdigit() else agent_id,
            "textcard": card,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": DUPLICATE_SECONDS,
        },
    )
    # The platform answers with lower-cased ids.
    unreached = as_text(answer.get("invaliduser")) + "|" + as_text(answer.get("unlicenseduser"))
    return NoticeResult(
        as_text(answer.get("msgid")), frozenset(filter(None, unreached.lower().split("|")))
    )
