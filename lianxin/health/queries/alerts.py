"""Alerts: who waits for whom, and until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from lianxin.compliance import queries as compliance
from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.health.models import Alert
from lianxin.health.rules.values import LEVELS
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff

CLOSED_DAYS = 30
# What a line about an alert says; its whole story is on its own page.
LINE_COLUMNS = (
    *("key", "patient", "metric", "rule_code", "level", "state", "readings", "escalation_rank"),
    *("raised_at", "confirm_due_at", "opened_at", "deadline_at", "owner__name"),
)
IN_TURN = (Alert.State.OPEN, Alert.State.AWAITING_SECOND, Alert.State.ACKNOWLEDGED)


def list_alerts(actor: Actor, *, level: str = "") -> QuerySet[Alert]:
    """List what is not closed: by danger, then what nobody has taken, then by time left.

    What may still turn out well by a second reading stands behind what has been confirmed.
    """
    if not actor.may("alert.read"):
        raise ForbiddenError
    loudest_first = Case(
        *(When(level=level, then=Value(-rank)) for rank, level in enumerate(LEVELS)),
        output_field=IntegerField(),
    )
    open_first = Case(
        *(When(state=state, then=Value(rank)) for rank, state in enumerate(IN_TURN)),
        output_field=IntegerField(),
    )
    rows = Alert.objects.of(actor.hospital_id).live().select_related("patient", "owner")
    if level:
        rows = rows.filter(level=level)
    return rows.order_by(loudest_first, open_first, "deadline_at", "confirm_due_at", "id")


def list_closed_alerts(actor: Actor, limit: int = 50) -> list[Alert]:
    if not actor.may("alert.read"):
        raise ForbiddenError
    since = time.now() - timedelta(days=CLOSED_DAYS)
    rows = Alert.objects.of(actor.hospital_id).filter(
        state=Alert.State.CLOSED, raised_at__gte=since
    )
    return list(rows.select_related("patient", "closed_by").order_by("-raised_at")[:limit])


def list_alerts_of(patient: Patient, limit: int = 20) -> list[Alert]:
    rows = Alert.objects.filter(patient=patient, hospital_id=patient.hospital_id)
    return list(as_lines(rows).order_by("-raised_at")[:limit])


def has_red_alert(hospital_id: int, patient_ids: Iterable[int]) -> bool:
    """Tell whether a red alert of one of them is not closed (RED_ALERTS)."""
    rows = Alert.objects.of(hospital_id).live().filter(patient_id__in=list(patient_ids))
    return rows.filter(level=Alert.Level.RED).exists()


def as_lines(rows: QuerySet[Alert]) -> QuerySet[Alert]:
    """Load only what a line about an alert says."""
    return rows.select_related(None).select_related("owner").only(*LINE_COLUMNS)


def alert_counts(hospital_id: int) -> Counter[tuple[str, str]]:
    """Count the live alerts by level and state."""
    rows = Alert.objects.of(hospital_id).live().values_list("level", "state")
    counted = rows.annotate(count=Count("id"))
    return Counter({(level, state): count for level, state, count in counted})


def access_alert(actor: Actor, key: str) -> Alert:
    """Return the alert if this member of staff may see it."""
    rows = Alert.objects.of(actor.hospital_id).select_related("patient", "owner", "hospital")
    alert = rows.filter(key=key).first()
    if alert is None:
        raise NotFoundError
    if not actor.may("alert.read"):
        raise ForbiddenError
    return alert


def access_own_alert(holder: Holder, key: str) -> Alert:
    """Return the alert if this phone may see the patient's health; else it does not exist."""
    rows = Alert.objects.of(holder.hospital_id).select_related("patient", "hospital")
    alert = rows.filter(key=key).first()
    if alert is None or not compliance.may_see_health(holder, alert.patient):
        raise NotFoundError
    return alert


def find_awaiting_alert(patient: Patient) -> Alert | None:
    """Return the alert that waits for the patient's second reading."""
    rows = Alert.objects.filter(patient=patient, state=Alert.State.AWAITING_SECOND)
    return rows.order_by("-raised_at").first()


def count_alerts_of(staff: Staff) -> int:
    """Count the running alerts that this person must take."""
    return Alert.objects.of(staff.hospital_id).live().filter(owner=staff).count()
