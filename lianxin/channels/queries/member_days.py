"""Reads of what members did, day by day, as the provider counted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lianxin.channels.adapters.reactions import PROVIDER_ZONE, load_facts
from lianxin.channels.models import Account, MemberDay
from lianxin.staff.models import Staff


@dataclass(frozen=True)
class MemberSum:
    """One member over some days; None: the provider told nothing of it."""

    userid: str
    name: str
    chats: int | None
    messages: int | None
    reply_percent: float | None
    first_reply_minutes: float | None
    added: int | None
    lost: int | None


@dataclass(frozen=True)
class DaySum:
    """One day over all members; None: not told."""

    on: date
    messages: int | None


def provider_today(now: datetime) -> date:
    return now.astimezone(PROVIDER_ZONE).date()


def is_day_told(now: datetime) -> bool:
    """Tell whether the provider has counted yesterday: it does so at night."""
    return now.astimezone(PROVIDER_ZONE).hour >= load_facts()["member_day_hour"]


def known_members(account: Account, on: date) -> set[str]:
    """Return the members whose day is stored already."""
    rows = MemberDay.objects.filter(account=account, on=on)
    return set(rows.values_list("staff_userid", flat=True))


def list_member_days(account: Account, now: datetime) -> list[MemberDay]:
    """Return the last days that are shown, of every member: one query."""
    length = timedelta(days=load_facts()["member_days_shown"])
    today = provider_today(now)
    rows = MemberDay.objects.filter(
        hospital_id=account.hospital_id, account=account, on__gte=today - length, on__lt=today
    )
    return list(rows.order_by("on", "staff_userid"))


def total(values: list[int | None]) -> int | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None


def mean(values: list[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return sum(told) / len(told) if told else None


def sum_by_day(days: list[MemberDay], now: datetime) -> list[DaySum]:
    """Return every shown day in order; one of which nothing is known has no number."""
    length, today = load_facts()["member_days_shown"], provider_today(now)
    found: dict[date, list[int | None]] = {
        today - timedelta(days=length - number): [] for number in range(length)
    }
    for day in days:
        found.setdefault(day.on, []).append(day.message_count)
    return [DaySum(on, total(counts)) for on, counts in sorted(found.items())]


def sum_by_member(account: Account, days: list[MemberDay]) -> list[MemberSum]:
    """Return each member's sums, who wrote most first: one query more, for the names."""
    by_member: dict[str, list[MemberDay]] = {}
    for day in days:
        by_member.setdefault(day.staff_userid, []).append(day)
    staff = Staff.objects.of(account.hospital_id).filter(wecom_userid__in=list(by_member))
    names = dict(staff.values_list("wecom_userid", "name"))
    sums = [
        MemberSum(
            userid,
            names.get(userid, userid),
            total([day.chat_count for day in rows]),
            total([day.message_count for day in rows]),
            mean([day.reply_percent for day in rows]),
            mean([day.first_reply_minutes for day in rows]),
            total([day.added_count for day in rows]),
            total([day.lost_count for day in rows]),
        )
        for userid, rows in by_member.items()
    ]
    return sorted(sums, key=lambda one: (-(one.messages or 0), one.name))
