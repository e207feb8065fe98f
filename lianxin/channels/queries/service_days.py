"""Reads of what customer service did, day by day, as the provider counted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lianxin.channels.adapters.reactions import PROVIDER_ZONE, load_facts
from lianxin.channels.models import Account, ServiceDay
from lianxin.channels.queries.member_days import mean, provider_today, total
from lianxin.staff.queries import find_many_by_wecom


@dataclass(frozen=True)
class ServicerSum:
    """One servicer over the shown days; None: the provider told nothing of it."""

    name: str
    sessions: int | None
    customers: int | None
    messages: int | None
    reply_percent: float | None
    first_reply_seconds: float | None


def is_day_counted(now: datetime) -> bool:
    """Tell whether the provider has counted yesterday."""
    return now.astimezone(PROVIDER_ZONE).hour >= load_facts()["kf_day_hour"]


def known_days(account: Account, since: date) -> dict[str, set[date]]:
    """Return the stored days by servicer; empty is the whole account."""
    rows = ServiceDay.objects.filter(account=account, on__gte=since)
    found: dict[str, set[date]] = {}
    for userid, on in rows.values_list("servicer_userid", "on"):
        found.setdefault(userid, set()).add(on)
    return found


def list_service_days(account: Account, now: datetime) -> list[ServiceDay]:
    """Return the last days that are shown, of the account and of every servicer: one query."""
    length = timedelta(days=load_facts()["kf_days_shown"])
    today = provider_today(now)
    rows = ServiceDay.objects.filter(
        hospital_id=account.hospital_id, account=account, on__gte=today - length, on__lt=today
    )
    return list(rows.order_by("on", "servicer_userid"))


def days_of_account(days: list[ServiceDay], now: datetime) -> list[ServiceDay]:
    """Return every shown day in order; one without numbers where nothing is stored."""
    length, today = load_facts()["kf_days_shown"], provider_today(now)
    found = {day.on: day for day in days if not day.servicer_userid}
    shown = (today - timedelta(days=length - number) for number in range(length))
    return [found.get(on) or ServiceDay(on=on) for on in shown]


def sum_by_servicer(account: Account, days: list[ServiceDay]) -> list[ServicerSum]:
    """Return each servicer's sums, who had most sessions first: one query more, for the names."""
    by_servicer: dict[str, list[ServiceDay]] = {}
    for day in days:
        if day.servicer_userid:
            by_servicer.setdefault(day.servicer_userid, []).append(day)
    people = find_many_by_wecom(account.hospital_id, list(by_servicer))
    sums = [
        ServicerSum(
            people[userid].name if userid in people else userid,
            total([day.session_count for day in rows]),
            total([day.customer_count for day in rows]),
            total([day.message_count for day in rows]),
            mean([day.reply_percent for day in rows]),
            mean([day.first_reply_seconds for day in rows]),
        )
        for userid, rows in by_servicer.items()
    ]
    return sorted(sums, key=lambda one: (-(one.sessions or 0), one.name))
