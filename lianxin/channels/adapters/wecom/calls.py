"""WeCom calls beyond sending: tokens, members, tasks, notices to staff."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import as_text, at_unix, cut_bytes
from lianxin.channels.adapters.provider_http import Provider, ProviderError, Token

CONTACT = "/cgi-bin/externalcontact"
RESULTS_PER_PAGE = 1000
MAX_PAGES = 10_000
CARD_TITLE_BYTES = 128
CARD_TEXT_BYTES = 512
# Repeats of the same words within this time are dropped by the platform.
DUPLICATE_SECONDS = 1800
# 84061 on a list means that this member has no contacts.
EMPTY_LIST_CODE = 84061


@dataclass(frozen=True)
class TaskResult:
    """What became of one person's share of a staff-confirmed task."""

    external_id: str
    staff_userid: str
    status: int
    sent_at: datetime


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


async def list_task_results(provider: Provider, message_id: str) -> list[TaskResult]:
    """Return what became of every person in a staff-confirmed task."""
    results: list[TaskResult] = []
    task = {"msgid": message_id, "limit": RESULTS_PER_PAGE}
    async for member in pages(provider, f"{CONTACT}/get_groupmsg_task", task, "task_list"):
        userid = as_text(member.get("userid"))
        async for item in pages(
            provider,
            f"{CONTACT}/get_groupmsg_send_result",
            {**task, "userid": userid},
            "send_list",
        ):
            results.append(as_result(item, userid))  # noqa: PERF401 - reads better
    return results


def as_result(item: dict[str, Any], userid: str) -> TaskResult:
    status = as_text(item.get("status"))
    return TaskResult(
        external_id=as_text(item.get("external_userid")),
        staff_userid=as_text(item.get("userid")) or userid,
        status=int(status) if status.isdigit() else 0,
        sent_at=at_unix(item.get("send_time")),
    )


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


async def cancel_task(provider: Provider, message_id: str) -> None:
    """Stop what nobody confirmed yet; what was confirmed cannot be recalled."""
    await provider.post(f"{CONTACT}/cancel_groupmsg_send", {"msgid": message_id})
