"""Ringing about red alerts that nobody has taken, and taking one by pressing 1."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from lianxin.channels import actions as channels
from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.health import queries
from lianxin.health.actions.alerts import acknowledge_alert
from lianxin.health.models import Alert, AlertCall
from lianxin.health.rules.calling import Calling, whom_to_call

TAKE_KEY = "1"
SWEEP_ROWS = 200


@transaction.atomic
def call_unanswered(hospital_id: int) -> int:
    """Ring the next person about each alert that is due; return how many calls were asked for."""
    calling = queries.find_calling(hospital_id)
    if calling is None:
        return 0
    now = time.now()
    rows = Alert.objects.of(hospital_id).filter(
        state=Alert.State.OPEN, level__in=list(calling.after_minutes)
    )
    waiting = rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
    alerts = waiting.select_related("patient").order_by("opened_at")[:SWEEP_ROWS]
    return sum(call_next(alert, calling, now) for alert in alerts)


def call_next(alert: Alert, calling: Calling, now: datetime) -> bool:
    """Ask for the next call. The alert is locked: nobody else counts its steps meanwhile."""
    if alert.opened_at is None:
        return False
    placed = queries.list_placed(alert)
    line = queries.list_phone_line(alert, now)
    staff_id = whom_to_call(
        calling, placed, line, level=alert.level, opened_at=alert.opened_at, now=now
    )
    if staff_id is None:
        return False
    number = AlertCall.objects.filter(alert=alert).count() + 1
    call = channels.call_staff(
        alert.hospital_id, staff_id, dedupe_key=f"alert:{alert.key}:call:{number}"
    )
    AlertCall.objects.create(
        hospital_id=alert.hospital_id,
        alert=alert,
        number=number,
        staff_id=staff_id,
        call=call,
        placed_at=now,
    )
    events.record(
        "alert.called",
        hospital_id=alert.hospital_id,
        subject="alert",
        subject_id=alert.pk,
        patient_id=alert.patient_id,
        by=SystemActor(alert.hospital_id),
        data={"level": alert.level, "staff_id": staff_id, "step": number},
    )
    return True


@transaction.atomic
def take_by_phone(hospital_id: int, call_id: int, pressed: str) -> bool:
    """Take the alert that the call was about; False when another key or somebody was faster."""
    step = queries.find_call_step(hospital_id, call_id)
    if step is None or pressed != TAKE_KEY:
        return False
    try:
        with transaction.atomic():
            acknowledge_alert(step.alert, by=step.staff, how="phone")
    except (RefusedError, ForbiddenError):
        return False
    AlertCall.objects.filter(pk=step.pk).update(is_taken=True)
    return True
