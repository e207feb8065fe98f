"""Reads of how often the providers' paths were called, and which are closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lianxin.channels.adapters.reactions import find_limit, load_sending_paths
from lianxin.channels.adapters.windows import DAY, HOUR, MONTH, Use, counted_windows
from lianxin.channels.models import Account, ApiUse


@dataclass(frozen=True)
class PathUse:
    """One path as a person reads it: calls now and at most, by window; 0: no limit is known."""

    path: str
    today: int
    counts: tuple[tuple[str, int, int], ...]
    blocked_until: datetime | None

    @property
    def percent(self) -> int:
        """Return how full the fullest window is."""
        return max((100 * used // most for _window, used, most in self.counts if most), default=0)


def list_uses(hospital_id: int, account_id: int) -> list[Use]:
    rows = ApiUse.objects.filter(hospital_id=hospital_id, account_id=account_id)
    values = rows.values_list("path", "window", "ends_at", "used_count", "blocked_until")
    return [Use(*row) for row in values]


def list_path_uses(account: Account, platform: str, now: datetime) -> list[PathUse]:
    """Return what was called today, the fullest first: one query."""
    by_path: dict[str, list[Use]] = {}
    for use in list_uses(account.hospital_id, account.pk):
        by_path.setdefault(use.path, []).append(use)
    found = [read_path(platform, path, uses, now) for path, uses in by_path.items()]
    shown = [one for one in found if one.today or one.blocked_until]
    return sorted(shown, key=lambda one: (one.blocked_until is None, -one.percent, -one.today))


def read_path(platform: str, path: str, uses: Iterable[Use], now: datetime) -> PathUse:
    limits = counted_windows(find_limit(platform, path))
    standing = {use.window: use.used for use in uses if use.ends_at > now}
    blocks = [use.blocked_until for use in uses if use.blocked_until and use.blocked_until > now]
    counts = [
        (window, standing.get(window, 0), limits.get(window, 0)) for window in (HOUR, DAY, MONTH)
    ]
    return PathUse(
        path,
        standing.get(DAY, 0),
        tuple(one for one in counts if one[2]),
        max(blocks, default=None),
    )


def list_blocks(hospital_id: int, now: datetime) -> list[ApiUse]:
    """Return what the providers refuse now, over all accounts; what opens last comes last."""
    rows = ApiUse.objects.filter(hospital_id=hospital_id, blocked_until__gt=now)
    return list(rows.select_related("account").order_by("blocked_until", "id"))


def list_held_accounts(hospital_id: int, now: datetime) -> list[tuple[Account, datetime]]:
    """Return the accounts whose provider takes no message now, each with when it opens again."""
    paths = load_sending_paths()
    held: dict[Account, datetime] = {}
    for one in list_blocks(hospital_id, now):
        if one.path in paths and one.account.is_active and one.blocked_until is not None:
            held[one.account] = one.blocked_until
    return list(held.items())
