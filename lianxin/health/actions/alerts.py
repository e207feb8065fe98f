"""Raising, confirming, answering and closing alerts. Each step is one conditional update."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from lianxin.channels import actions as channels
from lianxin.core import access_log, events, keys, live, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.health import queries
from lianxin.health.models import Alert
from lianxin.health.queries.book import Book
from lianxin.health.rules import alerting
from lianxin.health.rules.evaluate import Finding, evaluate
from lianxin.health.rules.values import Reading, level_rank
from lianxin.patients.models import Holder, Patient
from lianxin.staff import queries as staff
from lianxin.staff.models import Staff

NOTE = "health.alert_note"
# What cards about an alert are known by.
CARD_SUBJECT = "alert"
RECORD = "record"
SWEEP_ROWS = 200
# A mean may stand for weeks; the alert names the readings that raised it and the last one.
KEPT_READINGS = 20


# --- A reading or a symptom comes in -------------------------------------------------------------


def weigh_reading(
    book: Book, patient: Patient, metric: str, reading: Reading, *, by: Actor
) -> list[Alert]:
    """Let the rules look at a saved reading: settle what waits for it, raise what it shows."""
    situation = queries.situation_of(book, patient, metric, reading=reading)
    found = {finding.family: finding for finding in evaluate(book.rules, situation, book.bounds)}
    settled = [
        settle_second(alert, reading, found.get(alert.family), book, by=by)
        for alert in lock_live(patient, metric)
        if alert.is_awaiting and is_second(alert, reading)
    ]
    known = {alert.family for alert in settled if alert.state != Alert.State.CLOSED}
    raised = [
        raise_finding(book, patient, metric, finding, reading, None, by=by)
        for family, finding in found.items()
        if family not in known
    ]
    return [*settled, *(alert for alert in raised if alert)]


def lock_live(patient: Patient, metric: str) -> list[Alert]:
    rows = Alert.objects.filter(patient=patient, metric=metric).live()
    return list(rows.select_for_update(no_key=True).order_by("id"))


def is_second(alert: Alert, reading: Reading) -> bool:
    """Tell whether the reading came after the first one of the alert."""
    first = alert.first_reading
    return first is not None and reading.at > datetime.fromisoformat(first["at"])


def settle_second(
    alert: Alert, reading: Reading, finding: Finding | None, book: Book, *, by: Actor
) -> Alert:
    """Confirm the alert by a second reading that is also over, or close it by one that is not."""
    alert.readings = [*alert.readings, as_json(reading)]
    if finding and level_rank(finding.level) >= level_rank(alert.level):
        return open_alert(alert, "second_over", book, by=by)
    alert.outcome = Alert.Outcome.SECOND_UNDER
    alert.closed_at = time.now()
    move(alert, "second_under", ("readings", "outcome", "closed_at"))
    tell("alert.closed", alert, by, outcome=alert.outcome)
    return alert


def raise_finding(
    book: Book,
    patient: Patient,
    metric: str,
    finding: Finding,
    reading: Reading | None,
    symptoms: Sequence[str] | None,
    *,
    by: Actor,
) -> Alert | None:
    """Make an alert, or add to the one that stands for this patient and family."""
    rows = Alert.objects.filter(patient=patient, family=finding.family)
    standing = rows.live().select_for_update(no_key=True).first()
    if standing:
        return add_to(standing, finding, reading, symptoms, book, by=by)
    if not is_wanted(patient, finding):
        return None
    now = time.now()
    waits = finding.waits
    alert = Alert(
        hospital_id=patient.hospital_id,
        patient=patient,
        metric=metric,
        family=finding.family,
        rule_code=finding.rule_code,
        rule_version=finding.rule_version,
        level=finding.level,
        state=Alert.State.AWAITING_SECOND if waits else Alert.State.OPEN,
        readings=[as_json(reading)] if reading else [],
        symptom_group=finding.symptom_group,
        symptoms=None if symptoms is None else list(symptoms),
        call_120=finding.call_120,
        raised_at=now,
        confirm_due_at=alerting.confirm_due(now, book.alerting) if waits else None,
    )
    if not waits:
        set_clock(alert, book, now)
    try:
        with transaction.atomic():
            alert.save(force_insert=True)
    except IntegrityError:
        # Somebody else's reading raised it a moment ago: add to theirs.
        standing = rows.live().select_for_update(no_key=True).get()
        return add_to(standing, finding, reading, symptoms, book, by=by)
    tell("alert.raised", alert, by, rule=alert.rule_code)
    if not waits:
        page_owner(alert)
    return alert


def is_wanted(patient: Patient, finding: Finding) -> bool:
    """Keep what was dealt with from coming back with the next reading."""
    if not finding.again_after_days:
        return True
    rows = Alert.objects.filter(patient=patient, family=finding.family, state=Alert.State.CLOSED)
    last = rows.order_by("-closed_at").values_list("closed_at", flat=True).first()
    return alerting.may_be_raised_again(last, finding.again_after_days, time.now())


def add_to(
    alert: Alert,
    finding: Finding,
    reading: Reading | None,
    symptoms: Sequence[str] | None,
    book: Book,
    *,
    by: Actor,
) -> Alert:
    """Append to a standing alert; tell again when it became worse."""
    if reading:
        alert.readings = [*alert.readings[:KEPT_READINGS], as_json(reading)]
    if symptoms is not None:
        alert.symptoms = sorted({*(alert.symptoms or []), *symptoms})
    is_worse = level_rank(finding.level) > level_rank(alert.level)
    is_urgent = finding.call_120 and not alert.call_120
    if is_worse or is_urgent:
        alert.rule_code, alert.rule_version = finding.rule_code, finding.rule_version
        alert.level, alert.call_120 = finding.level, alert.call_120 or finding.call_120
    if alert.is_awaiting and not finding.waits:
        return open_alert(alert, "symptom" if symptoms else "second_over", book, by=by)
    if is_worse or is_urgent:
        return open_again(alert, book, by=by)
    alert.save(update_fields=["readings", "symptoms"])
    return alert


@transaction.atomic
def answer_symptoms(
    patient: Patient, ticked: Sequence[str], *, by: Holder | Staff, alert: Alert | None = None
) -> Alert | None:
    """Take the symptom answer. Any tick raises the level at once; none leaves the wait standing."""
    if alert is not None and alert.patient_id != patient.pk:
        raise ForbiddenError
    book = queries.load_book(patient.hospital_id)
    known = [code for code in dict.fromkeys(ticked) if code in book.symptoms]
    if alert is not None:
        alert = Alert.objects.select_for_update(no_key=True).get(pk=alert.pk)
    if not known:
        return answer_none(alert, patient, by)
    reading = reading_of(alert)
    metric = alert.metric if alert else "bp"
    spoken = judge_symptoms(book, patient, metric, reading, known)
    raised = [
        raise_finding(
            book, patient, metric, finding, reading_once(alert, finding, reading), known, by=by
        )
        for finding in spoken
    ]
    loudest = next((one for one in raised if one), None)
    tell_symptoms(patient, loudest, known, by)
    return loudest


def judge_symptoms(
    book: Book, patient: Patient, metric: str, reading: Reading | None, known: Sequence[str]
) -> list[Finding]:
    """Find what calls for 120: the rows of the reading, else the row of symptoms alone."""
    ticked = frozenset(known)
    situation = queries.situation_of(book, patient, metric, reading=reading, symptoms=ticked)
    spoken = [f for f in evaluate(book.rules, situation, book.bounds) if f.call_120]
    if spoken or reading is None:
        return spoken
    return judge_symptoms(book, patient, metric, None, known)


def reading_once(alert: Alert | None, finding: Finding, reading: Reading | None) -> Reading | None:
    """Leave out the reading where the alert already holds it."""
    holds = alert and alert.family == finding.family and alert.state != Alert.State.CLOSED
    return None if holds else reading


def answer_none(alert: Alert | None, patient: Patient, by: Actor) -> Alert | None:
    if alert is not None and alert.symptoms is None:
        alert.symptoms = []
        alert.save(update_fields=["symptoms"])
    tell_symptoms(patient, alert, [], by)
    return alert


def tell_symptoms(patient: Patient, alert: Alert | None, known: list[str], by: Actor) -> None:
    events.record(
        "symptoms.answered",
        hospital_id=patient.hospital_id,
        subject="alert",
        subject_id=alert.pk if alert else None,
        patient_id=patient.pk,
        by=by,
        data={"symptoms": known},
    )


def reading_of(alert: Alert | None) -> Reading | None:
    last = alert.last_reading if alert else None
    if last is None:
        return None
    return Reading(datetime.fromisoformat(last["at"]), last["values"], last.get("slot", ""))


def as_json(reading: Reading) -> dict[str, Any]:
    return {"at": reading.at.isoformat(), "values": dict(reading.values), "slot": reading.slot}


# --- Time passes ---------------------------------------------------------------------------------


@transaction.atomic
def confirm_overdue(hospital_id: int) -> int:
    """Count first readings as confirmed when no second one came in time."""
    by = SystemActor(hospital_id)
    rows = Alert.objects.of(hospital_id).filter(
        state=Alert.State.AWAITING_SECOND, confirm_due_at__lte=time.now()
    )
    waiting = list(
        rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("patient__hospital")
        .order_by("confirm_due_at")[:SWEEP_ROWS]
    )
    if not waiting:
        return 0
    book = queries.load_book(hospital_id)
    for alert in waiting:
        open_alert(alert, "time_out", book, by=by)
    return len(waiting)


@transaction.atomic
def escalate_overdue(hospital_id: int) -> int:
    """Ask the next on the duty line where nobody has acknowledged in time."""
    by, now = SystemActor(hospital_id), time.now()
    rows = Alert.objects.of(hospital_id).filter(state=Alert.State.OPEN, deadline_at__lte=now)
    late = list(
        rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("patient__hospital")
        .order_by("deadline_at")[:SWEEP_ROWS]
    )
    if not late:
        return 0
    book = queries.load_book(hospital_id)
    for alert in late:
        escalate(alert, book, now, by)
    return len(late)


def escalate(alert: Alert, book: Book, now: datetime, by: Actor) -> None:
    line = staff.list_duty_line(alert.hospital_id, alert.patient.team_id, now)
    alert.escalation_rank = alerting.next_rank(alert.escalation_rank, len(line))
    alert.owner = line[alert.escalation_rank] if line else None
    alert.deadline_at = deadline_of(alert, book, now)
    alert.save(update_fields=["escalation_rank", "owner", "deadline_at"])
    tell("alert.escalated", alert, by, rank=alert.escalation_rank)
    page_owner(alert)


def open_alert(alert: Alert, happening: str, book: Book, *, by: Actor) -> Alert:
    """Turn a waiting alert into one that somebody must acknowledge, and page the owner."""
    set_clock(alert, book, time.now())
    fields = ("readings", "symptoms", "rule_code", "rule_version", "level", "call_120")
    move(alert, happening, (*fields, "opened_at", "deadline_at", "owner", "escalation_rank"))
    tell("alert.confirmed", alert, by, how=happening)
    page_owner(alert)
    return alert


def open_again(alert: Alert, book: Book, *, by: Actor) -> Alert:
    """Ask again for an alert that became worse, also when somebody had acknowledged it."""
    if alert.state == Alert.State.ACKNOWLEDGED:
        alert.state = Alert.State.OPEN
    set_clock(alert, book, time.now())
    alert.save()
    tell("alert.level_rose", alert, by, level=alert.level)
    page_owner(alert)
    return alert


def set_clock(alert: Alert, book: Book, now: datetime) -> None:
    """Name the owner and the time by which somebody must have taken it."""
    line = staff.list_duty_line(alert.hospital_id, alert.patient.team_id, now)
    alert.opened_at = now
    alert.escalation_rank = 0
    alert.owner = line[0] if line else None
    alert.deadline_at = deadline_of(alert, book, now)


def deadline_of(alert: Alert, book: Book, now: datetime) -> datetime:
    zone = ZoneInfo(alert.patient.hospital.time_zone)
    return alerting.deadline(alert.level, now, zone=zone, settings=book.alerting)


def page_owner(alert: Alert) -> None:
    """Send the owner an app message that names nobody and no illness."""
    if alert.owner is None or alert.deadline_at is None:
        return
    due = time.local(alert.patient.hospital, alert.deadline_at)
    words = {
        Alert.Level.RED: _("红色告警，请在 %(due)s 前接手。"),
        Alert.Level.ORANGE: _("橙色告警，请在 %(due)s 前接手。"),
    }.get(Alert.Level(alert.level), _("有一条健康提醒，请在 %(due)s 前接手。"))
    alert.notice_count += 1
    Alert.objects.filter(pk=alert.pk).update(notice_count=F("notice_count") + 1)
    channels.notify_staff(
        alert.hospital_id,
        alert.owner.pk,
        text=words % {"due": f"{due:%m-%d %H:%M}"},
        path=f"/health/alerts/{alert.key}/",
        dedupe_key=f"alert:{alert.key}:{alert.notice_count}",
        about=channels.NoticeSubject(CARD_SUBJECT, alert.key),
        button=_("我来处理"),
        is_first=alert.level == Alert.Level.RED,
    )


# --- Staff act -----------------------------------------------------------------------------------


@transaction.atomic
def acknowledge_alert(alert: Alert, *, by: Staff, how: str = "page") -> Alert:
    """Take the alert on: the clock stops, the page moves to whoever took it.

    `how`: by the page, by pressing a key on the phone, or by the button of a card.
    """
    if not by.may("alert.acknowledge"):
        raise ForbiddenError
    alert.owner, alert.acknowledged_by, alert.acknowledged_at = by, by, time.now()
    move(alert, "acknowledge", ("owner", "acknowledged_by", "acknowledged_at"))
    stop_ringing(alert)
    tell("alert.acknowledged", alert, by, how=how)
    channels.withdraw_notices(alert.hospital_id, CARD_SUBJECT, alert.key, kept_for=by.pk)
    return alert


@transaction.atomic
def acknowledge_by_card(hospital_id: int, press_id: int, key: str, staff_id: int | None) -> None:
    """Let whoever pressed the card take the alert on, by the same action as on the page."""
    rows = Alert.objects.of(hospital_id).select_related("patient", "hospital").filter(key=key)
    alert = rows.first()
    by = staff.find_signed_in(hospital_id, staff_id) if staff_id else None
    words = take_by_card(alert, by) if alert and by else _("请打开连心处理")
    channels.answer_press(hospital_id, press_id, words)


def take_by_card(alert: Alert, by: Staff) -> str:
    """Take the alert on if it can be; say in a few words what stands in the button's place."""
    if alert.acknowledged_by_id == by.pk:
        return _("您已接手")
    try:
        with transaction.atomic():
            acknowledge_alert(alert, by=by, how="card")
    except ForbiddenError:
        access_log.record_refusal(by, page="health:acknowledge", patient_id=alert.patient_id)
        return _("您的角色不能接手")
    except RefusedError:
        return _("已有人接手")
    return _("您已接手")


@transaction.atomic
def close_alert(alert: Alert, *, outcome: str, note: str = "", by: Staff) -> Alert:
    """Say what became of it; the note is sealed under the record key."""
    if not by.may("alert.acknowledge"):
        raise ForbiddenError
    if outcome not in STAFF_OUTCOMES:
        raise RefusedError(_("请选择处理结果。"))
    subject = ("patient", alert.patient_id)
    ring = keys.Keyring.load(alert.hospital_id, [subject], create=True)
    alert.note_sealed = ring.seal(subject, RECORD, note.strip(), field=NOTE)
    alert.outcome, alert.closed_by, alert.closed_at = outcome, by, time.now()
    move(alert, "close", ("outcome", "closed_by", "closed_at", "note_sealed"))
    stop_ringing(alert)
    tell("alert.closed", alert, by, outcome=outcome)
    return alert


def stop_ringing(alert: Alert) -> None:
    """Leave out the call that was asked for and not yet placed."""
    channels.cancel_calls(alert.hospital_id, alert.calls.values_list("call_id", flat=True))


STAFF_OUTCOMES = (
    Alert.Outcome.EMERGENCY,
    Alert.Outcome.VISIT,
    Alert.Outcome.PHONED,
    Alert.Outcome.WATCHED,
    Alert.Outcome.NOT_REACHED,
)


def move(alert: Alert, happening: str, fields: Sequence[str]) -> None:
    """Change state by conditional update; refused when somebody else was faster."""
    before = alerting.states_before(happening)
    after = alerting.next_state(alert.state, happening) or ""
    changes = {name: getattr(alert, name) for name in fields} | {"state": after}
    moved = after and Alert.objects.filter(pk=alert.pk, state__in=before).update(**changes)
    if not moved:
        raise RefusedError(_("这条告警已经有人处理了，请刷新后查看。"))
    alert.state = after


def tell(name: str, alert: Alert, by: Actor, **data: object) -> None:
    """Write the journal line and wake the pages that watch."""
    events.record(
        name,
        hospital_id=alert.hospital_id,
        subject="alert",
        subject_id=alert.pk,
        patient_id=alert.patient_id,
        by=by,
        data={"level": alert.level, "state": alert.state, "rule": alert.rule_code} | data,
    )
    live.publish(alert.hospital_id, "today")
    live.publish(alert.hospital_id, f"patient:{alert.patient.key}")


@transaction.atomic
def hand_over_alerts(leaver: Staff, taker: Staff | None, *, by: Actor) -> int:
    """Give the alerts that still run to another person, and page them at once.

    Who may not take an alert is left out: it then goes up the duty line as if nobody answered.
    """
    if not by.may("handover.manage"):
        raise ForbiddenError
    able = taker if taker is not None and taker.may("alert.acknowledge") else None
    rows = Alert.objects.of(leaver.hospital_id).live().filter(owner=leaver)
    alerts = list(rows.select_for_update(no_key=True, of=("self",)).select_related("patient"))
    for alert in alerts:
        Alert.objects.filter(pk=alert.pk).update(owner=able)
        alert.owner = able
        tell("alert.handed_over", alert, by, owner_id=able.pk if able else None)
        if alert.state == Alert.State.OPEN:
            page_owner(alert)
    return len(alerts)
