"""Console: who came to an Official Account and who went, as the platform counts it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lianxin.channels import queries, reasons
from lianxin.channels.models import Account, FollowerDay
from lianxin.channels.queries import follower_days, mass_sends
from lianxin.channels.queries.follower_days import FollowerSum
from lianxin.channels.views.day_bars import draw_bars
from lianxin.channels.words.followers import BY_CODE, source_word
from lianxin.core import time
from lianxin.core.errors import NotFoundError
from lianxin.web.http import StaffRequest, staff_view


@dataclass(frozen=True)
class SourceRow:
    word: str
    came: int
    went: int


def name_sources(found: FollowerSum) -> list[SourceRow]:
    """Return the sources in words; those the document does not list are one row."""
    rows: dict[str, SourceRow] = {}
    for source, came, went in found.sources:
        word = source_word(source)
        before = rows.get(word, SourceRow(word, 0, 0))
        rows[word] = SourceRow(word, before.came + came, before.went + went)
    return sorted(rows.values(), key=lambda row: (-row.came, -row.went, row.word))


def followers_of(found: Account) -> FollowerSum | None:
    """Sum the shown days of an Official Account; None for the other kinds of account."""
    if found.kind != Account.Kind.OFFICIAL_ACCOUNT:
        return None
    return follower_days.sum_follower_days(follower_days.list_follower_days(found, time.now()))


def came_by_code(found: Account) -> int | None:
    """Count who the platform says came by scanning any code; None: it has told nothing."""
    summed = followers_of(found)
    if summed is None or summed.net is None:
        return None
    return next((came for source, came, _went in summed.sources if source == BY_CODE), 0)


def net_of(day: FollowerDay) -> int | None:
    is_told = day.new_count is not None and day.lost_count is not None
    return (day.new_count or 0) - (day.lost_count or 0) if is_told else None


@require_GET
@staff_view("channel.read")
def followers(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_account(request.staff, key)
    if found.kind != Account.Kind.OFFICIAL_ACCOUNT:
        raise NotFoundError
    days = follower_days.list_follower_days(found, time.now())
    came = [(day.on, day.new_count) for day in days]
    went = [(day.on, day.lost_count) for day in days]
    most = max(count or 0 for _on, count in (*came, *went))
    summed = follower_days.sum_follower_days(days)
    context = {
        "account": found,
        "sum": summed,
        "came": draw_bars(came, most),
        "went": draw_bars(went, most),
        "sources": name_sources(summed),
        "days": [(day, net_of(day)) for day in reversed(days)],
        "shown": len(days),
        "mass_sends": [
            (row, reasons.sentence_of(row.failure_code) if row.failure_code else "")
            for row in mass_sends.list_mass_sends(found)
        ],
    }
    return render(request, "channels/followers.html", context)
