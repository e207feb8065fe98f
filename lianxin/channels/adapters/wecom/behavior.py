"""WeCom statistics of members (联系客户统计), document 92132.

Several members asked for at once come back as one sum, so each is asked for alone. A day is there
once it is over, and what there was nothing of may be absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from lianxin.channels.adapters.base import as_amount, as_count, at_unix
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.reactions import PROVIDER_ZONE
from lianxin.channels.adapters.wecom.calls import CONTACT


@dataclass(frozen=True)
class DayCounts:
    """One day of one member; None: not told."""

    on: date
    chat_count: int | None = None
    message_count: int | None = None
    reply_percent: float | None = None
    first_reply_minutes: float | None = None
    lost_count: int | None = None
    asked_count: int | None = None
    added_count: int | None = None


def read_day(row: dict[str, Any]) -> DayCounts:
    return DayCounts(
        on=at_unix(row.get("stat_time")).astimezone(PROVIDER_ZONE).date(),
        chat_count=as_count(row.get("chat_cnt")),
        message_count=as_count(row.get("message_cnt")),
        reply_percent=as_amount(row.get("reply_percentage")),
        first_reply_minutes=as_amount(row.get("avg_reply_time")),
        lost_count=as_count(row.get("negative_feedback_cnt")),
        asked_count=as_count(row.get("new_apply_cnt")),
        added_count=as_count(row.get("new_contact_cnt")),
    )


async def list_days(provider: Provider, userid: str, first: date, last: date) -> list[DayCounts]:
    """Return the days of one member from `first` to `last`, both included: at most thirty."""
    body = {
        "userid": [userid],
        "start_time": int(datetime.combine(first, time(), PROVIDER_ZONE).timestamp()),
        "end_time": int(datetime.combine(last, time(), PROVIDER_ZONE).timestamp()),
    }
    answer = await provider.post(f"{CONTACT}/get_user_behavior_data", body)
    rows = [row for row in answer.get("behavior_data") or [] if isinstance(row, dict)]
    return [day for day in map(read_day, rows) if first <= day.on <= last]
