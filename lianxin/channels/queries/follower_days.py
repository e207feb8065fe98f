"""Reads of who came to an Official Account and who went, day by day, as the provider counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lianxin.channels.adapters.reactions import PROVIDER_ZONE, load_facts
from lianxin.channels.models import Account, FollowerDay
from lianxin.channels.queries.member_days import provider_today, total
from lianxin.channels.rules.follower_days import days_to_ask


@dataclass(frozen=True)
class FollowerSum:
    """Some days of one account; None: nothing of it is told."""

    new: int | None
    lost: int | None
    # How many follow at the end of the last day that is told, and which day that is.
    total: int | None
    on: date | None
    # The provider's number of a source → who came, who went; who brought most first.
    sources: list[tuple[str, int, int]]

    @property
    def net(self) -> int | None:
        return None if self.new is None or self.lost is None else self.new - self.lost


def is_follower_day_told(now: datetime) -> bool:
    """Tell whether the provider has counted yesterday: it does so in the morning."""
    return now.astimezone(PROVIDER_ZONE).hour >= load_facts()["follower_day_hour"]


def missing_follower_days(account: Account, now: datetime) -> list[date]:
    """Return the days to ask for: yesterday, and those before that nobody asked for in time."""
    facts = load_facts()
    yesterday = provider_today(now) - timedelta(days=1)
    rows = FollowerDay.objects.filter(account=account, on__lte=yesterday)
    known = dict(rows.values_list("on", "total_count"))
    return days_to_ask(
        yesterday,
        {on for on, count in known.items() if count is not None},
        {on for on, count in known.items() if count is None},
        kept=facts["follower_days_kept"],
        patience=facts["follower_day_patience"],
    )


def list_follower_days(account: Account, now: datetime) -> list[FollowerDay]:
    """Return every day that is shown, oldest first; one that nobody has asked for is empty."""
    length, today = load_facts()["follower_days_shown"], provider_today(now)
    days = [today - timedelta(days=length - number) for number in range(length)]
    rows = FollowerDay.objects.filter(
        hospital_id=account.hospital_id, account=account, on__gte=days[0], on__lt=today
    )
    known = {row.on: row for row in rows}
    return [known.get(on) or FollowerDay(account=account, on=on) for on in days]


def sum_follower_days(days: list[FollowerDay]) -> FollowerSum:
    last = next((day for day in reversed(days) if day.total_count is not None), None)
    sources: dict[str, list[int]] = {}
    for day in days:
        for source, (came, went) in day.sources.items():
            pair = sources.setdefault(source, [0, 0])
            pair[0], pair[1] = pair[0] + came, pair[1] + went
    ordered = sorted(sources.items(), key=lambda one: (-one[1][0], one[0]))
    return FollowerSum(
        total([day.new_count for day in days]),
        total([day.lost_count for day in days]),
        last.total_count if last else None,
        last.on if last else None,
        [(source, came, went) for source, (came, went) in ordered],
    )
