"""What the platform counts: documents getusersummary, getusercumulate, getarticletotaldetail.

At most seven days are told at once, and yesterday is told from eight in the morning. A day on which
nobody came or went has no row of its own, only its total.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lianxin.channels.adapters.base import as_count, as_text
from lianxin.channels.adapters.provider_http import Provider


@dataclass(frozen=True)
class FollowerCounts:
    """One day of one account; None: not told. `sources`: source → who came, who went."""

    on: date
    new_count: int | None = None
    lost_count: int | None = None
    total_count: int | None = None
    sources: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def list_rows(answer: Mapping[str, Any], name: str = "list") -> list[dict[str, Any]]:
    """Return the rows of a list. One alone may come without its list."""
    rows = answer.get(name)
    rows = [rows] if isinstance(rows, dict) else rows
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def read_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(as_text(value))
    except ValueError:
        return None


async def list_follower_days(provider: Provider, first: date, last: date) -> list[FollowerCounts]:
    """Return the days from `first` to `last` that are told: seven at most, both included."""
    span = {"begin_date": first.isoformat(), "end_date": last.isoformat()}
    changes = await provider.post("/datacube/getusersummary", span)
    totals = await provider.post("/datacube/getusercumulate", span)
    found = read_days(list_rows(changes), list_rows(totals))
    return [day for day in found if first <= day.on <= last]


def read_days(changes: list[dict[str, Any]], totals: list[dict[str, Any]]) -> list[FollowerCounts]:
    """Put both answers together. With a total but no change nobody came or went that day."""
    total_of: dict[date, int | None] = {}
    sources_of: dict[date, dict[str, tuple[int, int]]] = {}
    for row in totals:
        if on := read_date(row.get("ref_date")):
            total_of[on] = as_count(row.get("cumulate_user"))
    for row in changes:
        if on := read_date(row.get("ref_date")):
            source = as_text(row.get("user_source")) or "0"
            came, went = as_count(row.get("new_user")) or 0, as_count(row.get("cancel_user")) or 0
            sources = sources_of.setdefault(on, {})
            before = sources.get(source, (0, 0))
            sources[source] = (before[0] + came, before[1] + went)
    days = []
    for on in sorted(total_of.keys() | sources_of.keys()):
        sources = sources_of.get(on, {})
        came = sum(one for one, _went in sources.values())
        went = sum(one for _came, one in sources.values())
        days.append(FollowerCounts(on, came, went, total_of.get(on), sources))
    return days


@dataclass(frozen=True)
class ArticleCounts:
    """One article from its publication until the end of `on`: people, each counted once."""

    message_id: str
    on: date
    reader_count: int | None
    sharer_count: int | None


async def list_article_counts(provider: Provider, published_on: date) -> list[ArticleCounts]:
    """Return the counts of what was published on one day.

    The document calls the older `getarticletotal` a call that ends, and that one knows only what
    was sent to followers; its span of one day is kept, the new page names none.
    """
    day = published_on.isoformat()
    span = {"begin_date": day, "end_date": day}
    answer = await provider.post("/datacube/getarticletotaldetail", span)
    found = [read_article(row) for row in list_rows(answer)]
    return [one for one in found if one is not None]


def read_article(row: Mapping[str, Any]) -> ArticleCounts | None:
    """Read the newest sums of one article; its id is the message's, then its place in it."""
    details = [(read_date(one.get("stat_date")), one) for one in list_rows(row, "detail_list")]
    dated = [(on, one) for on, one in details if on is not None]
    message_id = as_text(row.get("msgid")).partition("_")[0]
    if not dated or not message_id:
        return None
    on, newest = max(dated, key=lambda pair: pair[0])
    read, shared = as_count(newest.get("read_user")), as_count(newest.get("share_user"))
    return ArticleCounts(message_id, on, read, shared)
