"""Moments (客户朋友圈), document 95094: made as a job, looked at, cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import Attachment, as_text
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import find_row
from lianxin.channels.adapters.wecom.attachments import build_moment_attachments
from lianxin.channels.adapters.wecom.calls import CONTACT, pages
from lianxin.channels.adapters.wecom.mass import as_number

MEMBERS_PER_PAGE = 1000
VIEWERS_PER_PAGE = 5000
JOB_DONE = 3
RESULT_PATH = f"{CONTACT}/get_moment_task_result"


@dataclass(frozen=True)
class MadeMoment:
    """What became of the job: the moment's id, and which members the provider left out."""

    moment_id: str
    invalid_userids: tuple[str, ...]


@dataclass(frozen=True)
class MomentReport:
    """How far a moment is: who has published, how many see it, and what they said to it."""

    published: Mapping[str, bool]
    viewer_count: int
    like_count: int
    comment_count: int


async def add_moment(
    provider: Provider,
    text: str,
    attachments: Sequence[Attachment],
    userids: Sequence[str],
    media_ids: Mapping[str, str],
) -> str:
    """Make the job and return its id. Not repeated after silence: there would be two."""
    body: dict[str, Any] = {"visible_range": {"sender_list": {"user_list": list(userids)}}}
    if text:
        body["text"] = {"content": text}
    if attachments:
        body["attachments"] = build_moment_attachments(attachments, media_ids)
    answer = await provider.post(f"{CONTACT}/add_moment_task", body, is_repeatable=False)
    return as_text(answer.get("jobid"))


async def find_made(provider: Provider, job_id: str) -> MadeMoment | None:
    """Return what the job made, None while it goes on; its inner errcode is raised as an error."""
    answer = await provider.get(RESULT_PATH, jobid=job_id)
    if as_number(answer.get("status")) != JOB_DONE:
        return None
    result = answer.get("result")
    result = result if isinstance(result, dict) else {}
    if code := as_number(result.get("errcode")):
        raise ProviderError(find_row(provider.platform, code), RESULT_PATH)
    invalid = result.get("invalid_sender_list")
    users = invalid.get("user_list") if isinstance(invalid, dict) else None
    return MadeMoment(as_text(result.get("moment_id")), tuple(as_text(one) for one in users or []))


async def read_moment(provider: Provider, moment_id: str) -> MomentReport:
    ask = {"moment_id": moment_id}
    published: dict[str, bool] = {}
    page = {**ask, "limit": MEMBERS_PER_PAGE}
    async for row in pages(provider, f"{CONTACT}/get_moment_task", page, "task_list"):
        published[as_text(row.get("userid"))] = as_number(row.get("publish_status")) == 1
    viewers, likes, comments = set[str](), 0, 0
    for userid in (one for one, is_published in published.items() if is_published):
        mine = {**ask, "userid": userid, "limit": VIEWERS_PER_PAGE}
        path = f"{CONTACT}/get_moment_send_result"
        async for row in pages(provider, path, mine, "customer_list"):
            viewers.add(as_text(row.get("external_userid")))
        said = await provider.post(f"{CONTACT}/get_moment_comments", {**ask, "userid": userid})
        likes += len(said.get("like_list") or [])
        comments += len(said.get("comment_list") or [])
    return MomentReport(published, len(viewers), likes, comments)


async def cancel_moment(provider: Provider, moment_id: str) -> None:
    """Stop who has not published; what was published stays where it is."""
    await provider.post(f"{CONTACT}/cancel_moment_task", {"moment_id": moment_id})
