"""Who may do what: the role × permission table, and how a duty line is ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

ROLES: Final = ("admin", "operator", "doctor", "nurse", "reviewer", "manager", "privacy")

CARE = ("doctor", "nurse")

# permission -> the roles that have it. The docs print this table; a test walks every route by it.
PERMISSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "today.read": ROLES,
    "patient.read": ("admin", *CARE, "manager", "privacy"),
    "patient.reveal": CARE,
    "patient.edit": ("admin", *CARE),
    "patient.verify": ("admin", *CARE),
    "patient.life_event": ("admin", *CARE),
    "patient.erase": ("admin", "privacy"),
    "consent.record": ("admin", *CARE, "privacy"),
    "message.read": CARE,
    "message.send": CARE,
    "script.edit": ("admin", "operator", *CARE),
    "alert.read": (*CARE, "manager"),
    "alert.acknowledge": CARE,
    "task.read": ("admin", *CARE, "manager"),
    "task.complete": ("admin", *CARE),
    "health.read": CARE,
    "health.edit": CARE,
    "journey.read": ("admin", "operator", *CARE, "reviewer", "manager"),
    "journey.edit": ("admin", "operator"),
    "journey.approve": ("admin", "doctor", "reviewer"),
    "content.read": ROLES,
    "content.edit": ("admin", "operator", *CARE),
    "content.review": ("doctor", "reviewer"),
    "content.publish": ("admin", "operator", "reviewer"),
    "channel.read": ("admin", "operator", "manager"),
    "channel.manage": ("admin", "operator"),
    "archive.manage": ("admin",),
    "archive.read": ("doctor", "privacy"),
    "archive.read_all": ("privacy",),
    "tag.read": ("admin", "operator", "manager", "privacy"),
    "tag.allow": ("admin", "operator", "privacy"),
    "send.read": ("admin", "operator", *CARE, "manager"),
    "send.confirm": ("admin", "operator", *CARE),
    "handover.read": ("admin", "manager"),
    "handover.manage": ("admin",),
    "insight.read": ("admin", "operator", "doctor", "manager"),
    "audit.read": ("admin", "manager", "privacy"),
    "staff.manage": ("admin",),
    "settings.read": ("admin", "operator"),
}


def may(role: str, permission: str) -> bool:
    """Tell whether the role has the permission; an unknown permission is a mistake, not a no."""
    return role in PERMISSIONS[permission]


class Duty(NamedTuple):
    """One person's place in the duty line: rank 1 is asked first."""

    staff_id: int
    rank: int
    starts_at: datetime
    ends_at: datetime


def order_duty_line(
    duties: Iterable[Duty], at: datetime, *, lead_id: int | None, admin_ids: Iterable[int]
) -> list[int]:
    """Return who is asked, in order, each once: the roster's ranks, then the lead, then admins.

    Half-open shifts: at the minute of hand-over only the next shift answers.
    """
    on_duty = sorted((d for d in duties if d.starts_at <= at < d.ends_at), key=lambda d: d.rank)
    line = [duty.staff_id for duty in on_duty]
    line += [lead_id] if lead_id else []
    line += admin_ids
    return list(dict.fromkeys(line))
