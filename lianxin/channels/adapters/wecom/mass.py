"""Mass tasks (企业群发), documents 015/012/001 to 004: read, reminded of, stopped, listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom.calls import CONTACT, pages

RESULTS_PER_PAGE = 1000
TASKS_PER_PAGE = 100
# get_groupmsg_task says 2 for sent; the document's own sample shows 1.
CONFIRMED = frozenset({1, 2})
# get_groupmsg_list_v2: what the company made and what members made by themselves.
OF_EVERYBODY = 2


@dataclass(frozen=True)
class TaskMember:
    """Whether one member has confirmed a task, and when."""

    staff_userid: str
    has_confirmed: bool
    confirmed_at: datetime | None


@dataclass(frozen=True)
class TaskResult:
    """What became of one recipient's share of a task: a person, or a customer group."""

    external_id: str
    staff_userid: str
    status: int
    sent_at: datetime
    chat_id: str = ""


@dataclass(frozen=True)
class TaskReport:
    """Everything the provider says about one task."""

    members: tuple[TaskMember, ...] = ()
    results: tuple[TaskResult, ...] = ()


@dataclass(frozen=True)
class ListedTask:
    """One task of the provider's list, ours or not."""

    message_id: str
    creator: str
    created_at: datetime


async def read_task(provider: Provider, message_id: str) -> TaskReport:
    """Return who has confirmed, and what became of every recipient."""
    members: list[TaskMember] = []
    results: list[TaskResult] = []
    task = {"msgid": message_id, "limit": RESULTS_PER_PAGE}
    async for item in pages(provider, f"{CONTACT}/get_groupmsg_task", task, "task_list"):
        member = as_member(item)
        members.append(member)
        ask = {**task, "userid": member.staff_userid}
        async for row in pages(provider, f"{CONTACT}/get_groupmsg_send_result", ask, "send_list"):
            results.append(as_result(row, member.staff_userid))  # noqa: PERF401 - reads better
    return TaskReport(tuple(members), tuple(results))


def as_number(value: Any) -> int:
    text = as_text(value)
    return int(text) if text.isdigit() else 0


def as_member(item: dict[str, Any]) -> TaskMember:
    has_confirmed = as_number(item.get("status")) in CONFIRMED
    sent_at = at_unix(item.get("send_time"))
    is_told = has_confirmed and sent_at.timestamp() > 0
    return TaskMember(as_text(item.get("userid")), has_confirmed, sent_at if is_told else None)


def as_result(item: dict[str, Any], userid: str) -> TaskResult:
    return TaskResult(
        external_id=as_text(item.get("external_userid")),
        staff_userid=as_text(item.get("userid")) or userid,
        status=as_number(item.get("status")),
        sent_at=at_unix(item.get("send_time")),
        chat_id=as_text(item.get("chat_id")),
    )


async def remind_members(provider: Provider, message_id: str) -> bool:
    """Remind who has not confirmed; false: the task was cancelled there (41093).

    Not repeated after silence: the members may have been told, and the day's count is short.
    """
    body = {"msgid": message_id}
    answer = await provider.post(f"{CONTACT}/remind_groupmsg_send", body, is_repeatable=False)
    return not answer.get("errcode")


async def cancel_task(provider: Provider, message_id: str) -> None:
    """Stop what nobody confirmed yet; what was confirmed cannot be recalled."""
    await provider.post(f"{CONTACT}/cancel_groupmsg_send", {"msgid": message_id})


async def list_tasks(provider: Provider, since: datetime, until: datetime) -> list[ListedTask]:
    """List the tasks to single customers made in this span of at most a month, by anybody."""
    ask = {
        "chat_type": "single",
        "start_time": int(since.timestamp()),
        "end_time": int(until.timestamp()),
        "filter_type": OF_EVERYBODY,
        "limit": TASKS_PER_PAGE,
    }
    path = f"{CONTACT}/get_groupmsg_list_v2"
    return [
        ListedTask(
            as_text(item.get("msgid")),
            as_text(item.get("creator")),
            # A text in the document's sample, a number elsewhere.
            at_unix(item.get("create_time")),
        )
        async for item in pages(provider, path, ask, "group_msg_list")
        if as_text(item.get("msgid"))
    ]
