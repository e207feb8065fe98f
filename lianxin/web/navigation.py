"""The navigation of the console: by job, each role its own set, only what exists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lianxin.core.actor import Actor

# label, icon, url name, permission, badge key ("" when the entry never shows a number)
Declared = tuple[str | Promise, str, str, str, str]

JOBS: list[Declared] = [
    (_("今日"), "checklist", "desk:today", "today.read", "today"),
    (_("会话"), "messages", "conversations:inbox", "message.read", "inbox"),
    (_("患者"), "users", "patients:list", "patient.read", ""),
    (_("健康"), "heartbeat", "health:alerts", "health.read", ""),
    (_("旅程"), "route", "journeys:list", "journey.read", ""),
    (_("群发"), "send", "outreach:list", "send.read", ""),
    (_("内容"), "book-2", "content:list", "content.read", ""),
    (_("活动"), "confetti", "community:list", "community.read", ""),
    (_("预约"), "calendar-event", "bookings:list", "booking.read", ""),
    (_("数据"), "chart-bar", "insight:overview", "insight.read", ""),
    (_("合规"), "shield-check", "compliance:overview", "audit.read", ""),
    (_("设置"), "settings", "channels:accounts", "channel.read", ""),
]


@dataclass(frozen=True)
class Badge:
    """A number beside an entry; danger is red and only for people in danger."""

    count: int
    is_danger: bool = False


@dataclass(frozen=True)
class Entry:
    label: str
    icon: str
    url: str
    badge: Badge | None = None
    is_current: bool = False


def find_url(name: str) -> str:
    """Return the address of a route, or nothing when this installation does not have it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def list_entries(
    declared: Sequence[Declared], actor: Actor, badges: dict[str, Badge], path: str
) -> list[Entry]:
    """Build what this actor sees, with the entry marked that the page belongs to."""
    entries = [
        Entry(str(label), icon, url, badges.get(badge_key))
        for label, icon, name, permission, badge_key in declared
        if (url := find_url(name)) and (not permission or actor.may(permission))
    ]
    return list(mark_current(entries, path))


def mark_current(entries: Sequence[Entry], path: str) -> Iterable[Entry]:
    """Mark the entry of the page's department: the first part of both addresses is the same."""
    for entry in entries:
        yield replace(entry, is_current=first_part(entry.url) == first_part(path))


def first_part(path: str) -> str:
    return path.strip("/").partition("/")[0]
