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
# The one button a card of ours has.
CARD_KEY = "act"
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


async def answers(
    provider: Provider, path: str, body: dict[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    """Yield the answer of each page, until there is no further cursor."""
    cursor = ""
    for _page in range(MAX_PAGES):
        try:
            answer = await provider.post(path, {**body, "cursor": cursor})
        except ProviderError as error:
            if error.row.code == EMPTY_LIST_CODE:
                return
            raise
        yield answer
        cursor = as_text(answer.get("next_cursor"))
        if not cursor:
            return


async def pages(
    provider: Provider, path: str, body: dict[str, Any], items: str
) -> AsyncIterator[dict[str, Any]]:
    async for answer in answers(provider, path, body):
        for item in answer.get(items) or []:
            if isinstance(item, dict):
                yield item


@dataclass(frozen=True)
class NoticeWords:
    """What one app message says. With a task id it is a card, with a button one to press."""

    title: str
    text: str
    url: str
    task_id: str = ""
    button: str = ""


async def send_notice(
    provider: Provider, *, userids: Sequence[str], words: NoticeWords
) -> NoticeResult:
    """Send an app message to staff. Some may not be reached: see `unreached`."""
    kind = "template_card" if words.task_id else "textcard"
    answer = await provider.post(
        "/cgi-bin/message/send",
        {
            "touser": "|".join(userids),
            "msgtype": kind,
            "agentid": agent_of(provider),
            kind: make_card(words) if words.task_id else make_textcard(words),
            "enable_duplicate_check": 1,
            "duplicate_check_interval": DUPLICATE_SECONDS,
        },
    )
    # The platform answers with lower-cased ids.
    unreached = as_text(answer.get("invaliduser")) + "|" + as_text(answer.get("unlicenseduser"))
    return NoticeResult(
        as_text(answer.get("msgid")), frozenset(filter(None, unreached.lower().split("|")))
    )


def agent_of(provider: Provider) -> int | str:
    agent_id = provider.account.setting("agent_id")
    return int(agent_id) if agent_id.isdigit() else agent_id


def make_textcard(words: NoticeWords) -> dict[str, Any]:
    return {
        "title": cut_bytes(words.title, CARD_TITLE_BYTES),
        "description": cut_bytes(words.text, CARD_TEXT_BYTES),
        "url": words.url,
        "btntxt": "打开",
    }


def make_card(words: NoticeWords) -> dict[str, Any]:
    card: dict[str, Any] = {
        "card_type": "button_interaction" if words.button else "text_notice",
        "task_id": words.task_id,
        "main_title": {"title": cut_bytes(words.title, CARD_TITLE_BYTES)},
        "sub_title_text": cut_bytes(words.text, CARD_TEXT_BYTES),
        "card_action": {"type": 1, "url": words.url},
    }
    if words.button:
        card["button_list"] = [{"text": words.button, "style": 1, "key": CARD_KEY}]
    return card


async def update_card(provider: Provider, *, userid: str, response_code: str, answer: str) -> None:
    """Put words in the button's place. The code works once: silence is not tried again."""
    await provider.post(
        "/cgi-bin/message/update_template_card",
        {
            "userids": [userid],
            "agentid": agent_of(provider),
            "response_code": response_code,
            "button": {"replace_name": answer},
        },
        is_repeatable=False,
    )


async def recall_notice(provider: Provider, message_id: str) -> None:
    """Take an app message back, within 24 hours of sending it."""
    await provider.post("/cgi-bin/message/recall", {"msgid": message_id})
