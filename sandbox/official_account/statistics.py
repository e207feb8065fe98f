"""What the platform counts by day (用户分析数据接口): who came, who went, how many follow."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sandbox.calls import Call
from sandbox.clock import BEIJING
from sandbox.errors import ApiError, Json
from sandbox.state import Follower, OfficialAccount

# Document getusersummary, user_source.
BY_SEARCH, BY_CODE = 1, 30
# Documents getusersummary, getusercumulate: 最大跨度 7 天; 每日 8 点后获取前一天数据.
MOST_DAYS = 7
TOLD_HOUR = 8
# Document getarticletotaldetail: sums of thirty days at most; its page names no longest span, the
# older getarticletotal has one day. Published without telling the followers is type 1.
MOST_ARTICLE_DAYS, COUNTED_DAYS = 1, 30
NOT_ANNOUNCED, PUBLISHED = 1, 0


def day_of(at: float) -> date:
    return datetime.fromtimestamp(at, BEIJING).date()


def note_came(account: OfficialAccount, follower: Follower) -> None:
    _counts_of(account, day_of(follower.subscribed_at), follower.source)[0] += 1


def note_went(account: OfficialAccount, follower: Follower, at: float) -> None:
    _counts_of(account, day_of(at), follower.source)[1] += 1


def _counts_of(account: OfficialAccount, day: date, source: int) -> list[int]:
    sources = account.follow_days.setdefault(day.isoformat(), {})
    return sources.setdefault(str(source), [0, 0])


def read_span(call: Call, most_days: int) -> list[date]:
    """Read both dates; returns the days between them that are counted already."""
    try:
        first = date.fromisoformat(call.text("begin_date"))
        last = date.fromisoformat(call.text("end_date"))
    except ValueError:
        raise ApiError(61500) from None
    now = datetime.fromtimestamp(call.now, BEIJING)
    yesterday = now.date() - timedelta(days=1)
    if not first <= last <= yesterday or (last - first).days >= most_days:
        raise ApiError(61501)
    known = yesterday if now.hour >= TOLD_HOUR else yesterday - timedelta(days=1)
    return [first + timedelta(days=n) for n in range((min(last, known) - first).days + 1)]


def show_changes(call: Call, account: OfficialAccount) -> Json:
    """List one row for each day and source; what there was nothing of is not there."""
    return {
        "list": [
            {
                "ref_date": day.isoformat(),
                "user_source": int(source),
                "new_user": came,
                "cancel_user": went,
            }
            for day in read_span(call, MOST_DAYS)
            for source, (came, went) in account.follow_days.get(day.isoformat(), {}).items()
        ]
    }


def show_totals(call: Call, account: OfficialAccount) -> Json:
    follow_now = sum(one.is_subscribed for one in account.followers.values())
    return {
        "list": [
            {
                "ref_date": day.isoformat(),
                # Seen with every answer although the document leaves it out; always 0.
                "user_source": 0,
                "cumulate_user": follow_now - _grown_since(account, day),
            }
            for day in read_span(call, MOST_DAYS)
        ]
    }


def _grown_since(account: OfficialAccount, day: date) -> int:
    return sum(
        came - went
        for on, sources in account.follow_days.items()
        if on > day.isoformat()
        for came, went in sources.values()
    )


def show_articles(call: Call, account: OfficialAccount) -> Json:
    """List what was published in the span, each with its sums up to each day since."""
    rows: list[Json] = []
    for day in read_span(call, MOST_ARTICLE_DAYS):
        for row in account.publications.values():
            if day_of(row["at"]) == day and row["status"] == PUBLISHED and "msg_data_id" in row:
                rows += _describe_articles(row, day, _last_told(call))
    return {"list": rows, "is_delay": False}


def _last_told(call: Call) -> date:
    now = datetime.fromtimestamp(call.now, BEIJING)
    return now.date() - timedelta(days=1 if now.hour >= TOLD_HOUR else 2)


def _describe_articles(row: Json, first: date, last: date) -> list[Json]:
    days = [first + timedelta(days=n) for n in range(min((last - first).days + 1, COUNTED_DAYS))]
    return [
        {
            "ref_date": first.isoformat(),
            "msgid": f"{row['msg_data_id']}_{number}",
            "title": article["title"],
            "content_url": row["url"],
            "publish_type": NOT_ANNOUNCED,
            "detail_list": [
                {
                    "stat_date": day.isoformat(),
                    "read_user": _people(row.get("readers", {}), day),
                    "share_user": _people(row.get("sharers", {}), day),
                }
                for day in days
            ],
        }
        for number, article in enumerate(row["articles"], start=1)
    ]


def _people(by_day: dict[str, list[str]], last: date) -> int:
    return len({one for day, people in by_day.items() if day <= last.isoformat() for one in people})
