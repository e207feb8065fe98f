"""Work that is due."""

from __future__ import annotations

from datetime import datetime

from lianxin.channels import facts
from lianxin.channels.models import (
    Arrival,
    CardPress,
    StaffNotice,
)


def list_due_notices(hospital_id: int, now: datetime) -> list[int]:
    """Return what is to be sent now, dangers first."""
    rows = StaffNotice.objects.filter(
        hospital_id=hospital_id, state__in=["waiting", "claimed"], next_attempt_at__lte=now
    )
    order = rows.order_by("-is_first", "next_attempt_at")
    return list(order.values_list("pk", flat=True)[:200])


def list_presses_to_tell(hospital_id: int) -> list[int]:
    rows = CardPress.objects.filter(hospital_id=hospital_id, state=CardPress.State.ANSWERED)
    return list(rows.order_by("pressed_at").values_list("pk", flat=True)[:200])


def list_notices_to_recall(hospital_id: int) -> list[int]:
    rows = StaffNotice.objects.filter(hospital_id=hospital_id).exclude(recall_due_at=None)
    return list(rows.order_by("recall_due_at").values_list("pk", flat=True)[:200])


def list_overdue_welcomes(hospital_id: int, now: datetime) -> list[int]:
    """Return arrivals whose welcome code has died unused."""
    rows = Arrival.objects.filter(
        hospital_id=hospital_id,
        welcome__in=[Arrival.Welcome.WAITING, Arrival.Welcome.CLAIMED],
        received_at__lt=now - facts.seconds("welcome_seconds"),
    )
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:200])
