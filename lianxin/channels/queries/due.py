"""Work that is due."""

from __future__ import annotations

from datetime import datetime

from lianxin.channels import facts
from lianxin.channels.models import (
    Arrival,
    StaffNotice,
)


def list_due_notices(hospital_id: int, now: datetime) -> list[int]:
    rows = StaffNotice.objects.filter(
        hospital_id=hospital_id, state__in=["waiting", "claimed"], next_attempt_at__lte=now
    )
    return list(rows.order_by("next_attempt_at").values_list("pk", flat=True)[:200])


def list_overdue_welcomes(hospital_id: int, now: datetime) -> list[int]:
    """Return arrivals whose welcome code has died unused."""
    rows = Arrival.objects.filter(
        hospital_id=hospital_id,
        welcome__in=[Arrival.Welcome.WAITING, Arrival.Welcome.CLAIMED],
        received_at__lt=now - facts.seconds("welcome_seconds"),
    )
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:200])
