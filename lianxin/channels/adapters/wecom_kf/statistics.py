"""WeChat customer service: what was done by day (documents 95489, 95490).

Yesterday is counted by six in the morning. A day without numbers is one of which nothing is told:
nothing happened, or it is not counted yet. Rates come as fractions of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from lianxin.channels.adapters.base import as_amount, as_count, as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.reactions import PROVIDER_ZONE


@dataclass(frozen=True)
class ServiceCounts:
    """One day of an account, or of one servicer; None: not told."""

    on: date
    session_count: int | None = None
    customer_count: int | None = None
    message_count: int | None = None
    rejected_count: int | None = None
    reply_percent: float | None = None
    first_reply_seconds: float | None = None


def read_day(row: dict[str, Any]) -> ServiceCounts:
    told = row.get("statistic")
    told = told if isinstance(told, dict) else {}
    rate = as_amount(told.get("reply_rate"))
    return ServiceCounts(
        on=at_unix(row.get("stat_time")).astimezone(PROVIDER_ZONE).date(),
        session_count=as_count(told.get("session_cnt")),
        customer_count=as_count(told.get("customer_cnt")),
        message_count=as_count(told.get("customer_msg_cnt")),
        rejected_count=as_count(told.get("msg_rejected_customer_cnt")),
        reply_percent=None if rate is None else min(rate, 1.0) * 100,
        first_reply_seconds=as_amount(told.get("first_reply_average_sec")),
    )


async def list_days(
    provider: Provider, userid: str, first: date, last: date
) -> list[ServiceCounts]:
    """Return the days from `first` to `last`, both included: of one servicer, or of the account."""
    path = "/cgi-bin/kf/get_servicer_statistic" if userid else "/cgi-bin/kf/get_corp_statistic"
    body: dict[str, Any] = {
        "open_kfid": provider.account.setting("open_kfid"),
        "start_time": int(datetime.combine(first, time(), PROVIDER_ZONE).timestamp()),
        "end_time": int(datetime.combine(last, time(), PROVIDER_ZONE).timestamp()),
    }
    if userid:
        body["servicer_userid"] = as_text(userid)
    answer = await provider.post(path, body)
    rows = [row for row in answer.get("statistic_list") or [] if isinstance(row, dict)]
    return [day for day in map(read_day, rows) if first <= day.on <= last]
