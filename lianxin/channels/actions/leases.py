"""One worker at a time for a row that is kept at a provider. Who lost the lease changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model, Q

from lianxin.channels import facts, queries
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.core import time


def take(row: Model, lease_fact: str) -> datetime | None:
    """Take the lease on a row that is free and due; None when another worker has it."""
    now = time.now()
    lease = now + facts.seconds(lease_fact)
    rows = queries.free_rows(type(row), now).filter(pk=row.pk)
    return lease if rows.update(leased_until=lease) else None


def settle(row: Model, lease: datetime, **changes: Any) -> bool:
    """Write the outcome and give the lease back; False when the lease was lost."""
    held = type(row)._default_manager.filter(pk=row.pk, leased_until=lease)
    done: dict[str, Any] = {"leased_until": None, "failure_code": "", "next_try_at": None}
    return bool(held.update(**(done | changes)))


def give_back(row: Model, lease: datetime) -> None:
    type(row)._default_manager.filter(Q(leased_until=lease), pk=row.pk).update(leased_until=None)


def settle_failed(row: Model, lease: datetime, error: ProviderError, **changes: Any) -> bool:
    """Note why it did not work and when it is tried again: soon, or later after a refusal."""
    now = time.now()
    may_help = error.is_temporary or error.reason == "outcome_unknown"
    again = now + facts.seconds("group_retry_seconds" if may_help else "group_refused_seconds")
    tried = {"failure_code": error.reason, "next_try_at": max(error.retry_at or again, again)}
    return settle(row, lease, **(tried | changes))
