"""Who may be rung about an alert, and who has been."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from lianxin.channels.models import StaffCall
from lianxin.health.models import Alert, AlertCall
from lianxin.health.queries.book import find_book
from lianxin.health.rules.calling import Calling, Placed
from lianxin.staff import queries as staff


def find_calling(hospital_id: int) -> Calling | None:
    """Return the reviewed row; None where no doctor has approved one: nobody is rung."""
    book = find_book(hospital_id)
    body = book.settings.get("calling") if book else None
    return Calling.of(body) if body else None


def list_phone_line(alert: Alert, at: datetime) -> list[int]:
    """Return who is rung, in the order of the duty line: may take it, and agreed to be rung."""
    line = staff.list_duty_line(alert.hospital_id, alert.patient.team_id, at)
    able = [one.pk for one in line if one.may("alert.acknowledge")]
    agreed = staff.list_with_phone(alert.hospital_id, able)
    return [staff_id for staff_id in able if staff_id in agreed]


def list_placed(alert: Alert) -> list[Placed]:
    """List the calls since the alert was opened; one that became worse is rung about anew."""
    since = Q(placed_at__gte=alert.opened_at) | Q(call__ended_at=None)
    rows = AlertCall.objects.filter(since, alert=alert)
    return [
        Placed(
            step.staff_id,
            step.placed_at,
            ended_at=step.call.ended_at,
            is_answered=step.call.state == StaffCall.State.ANSWERED,
        )
        for step in rows.select_related("call").order_by("number")
    ]


def list_call_steps(alert: Alert) -> list[AlertCall]:
    rows = AlertCall.objects.filter(alert=alert).select_related("call", "staff")
    return list(rows.order_by("number"))


def find_call_step(hospital_id: int, call_id: int) -> AlertCall | None:
    rows = AlertCall.objects.filter(hospital_id=hospital_id, call_id=call_id)
    return rows.select_related("alert__patient", "staff").first()
