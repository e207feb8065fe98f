"""Reads of calls to staff."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lianxin.channels.models import StaffCall

State = StaffCall.State


def list_due_calls(hospital_id: int, now: datetime) -> list[StaffCall]:
    """List what is to be placed, and what has been silent for too long."""
    rows = StaffCall.objects.filter(
        hospital_id=hospital_id,
        state__in=[State.WAITING, State.CLAIMED, State.RINGING],
        next_attempt_at__lte=now,
    )
    return list(rows.order_by("next_attempt_at")[:200])


def list_calls(hospital_id: int, call_ids: Iterable[int]) -> dict[int, StaffCall]:
    rows = StaffCall.objects.filter(hospital_id=hospital_id, pk__in=list(call_ids))
    return {call.pk: call for call in rows.select_related("staff")}
