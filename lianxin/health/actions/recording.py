"""Saving a measurement once, believing it or not, and letting the rules look at it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from lianxin.compliance import queries as compliance
from lianxin.core import events, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.ids import make_event_id, make_key
from lianxin.health import queries
from lianxin.health.actions.alerts import weigh_reading
from lianxin.health.models import Alert, HealthProfile, Observation, ObservationKey
from lianxin.health.queries.book import Book
from lianxin.health.queries.readings import columns_by_field, values_of
from lianxin.health.rules.plausibility import Verdict, judge_values
from lianxin.health.rules.values import Reading
from lianxin.patients.models import Holder, Patient


@dataclass(frozen=True)
class Recorded:
    """What became of an entry: saved (perhaps before), or in doubt and not saved."""

    verdict: Verdict
    observation: Observation | None = None
    alerts: tuple[Alert, ...] = ()
    is_repeat: bool = False

    @property
    def is_saved(self) -> bool:
        return self.observation is not None


def check_may_record(by: Actor, patient: Patient) -> None:
    """Raise unless this phone may keep this patient's health data, or staff may edit it."""
    if isinstance(by, Holder):
        if not compliance.may_see_health(by, patient):
            raise ForbiddenError
    elif not by.may("health.edit"):
        raise ForbiddenError
    if patient.hospital_id != by.hospital_id:
        raise ForbiddenError


@transaction.atomic
def record_reading(
    patient: Patient,
    metric: str,
    values: Mapping[str, float],
    *,
    by: Actor,
    client_key: str = "",
    measured_at: datetime | None = None,
    moment: str = "",
    is_insisted: bool = False,
    entry: str = Observation.Entry.MANUAL,
) -> Recorded:
    """Save one measurement. The same `client_key` saves once; doubtful numbers are not saved."""
    check_may_record(by, patient)
    book = queries.load_book(patient.hospital_id)
    repeated = queries.find_repeated(patient, client_key) if client_key else None
    if repeated:
        return repeat(book, patient, repeated)
    at = measured_at or time.now()
    check_clock(book, at)
    last = queries.find_last_reading(book, patient, metric)
    recent = last.values if last and abs(at - last.at) <= timedelta(days=1) else None
    verdict = judge_values(
        book.fields(metric), book.metric(metric).get("orders", []), values, recent
    )
    if verdict.state != "ok" and not (verdict.may_insist and is_insisted):
        return Recorded(verdict)
    observation = make_observation(book, patient, metric, verdict.values, at, by)
    observation.moment, observation.entry = moment, entry
    observation.is_insisted = verdict.state != "ok"
    if not keep_once(observation, client_key or make_key()):
        saved = queries.find_repeated(patient, client_key)
        if saved is None:
            raise RefusedError(_("这条记录的编号已经用过，请重新填写。"))
        return repeat(book, patient, saved)
    return Recorded(verdict, observation, tuple(settle_saved(book, patient, observation, by)))


def repeat(book: Book, patient: Patient, saved: Observation) -> Recorded:
    """Answer a second sending like the first, with the alerts that stand now."""
    alerts = Alert.objects.filter(patient=patient, metric=saved.metric).live()
    return Recorded(
        Verdict("ok", values=values_of(book, saved)), saved, tuple(alerts), is_repeat=True
    )


def check_clock(book: Book, at: datetime) -> None:
    if at - time.now() > timedelta(minutes=book.alerting["future_minutes"]):
        raise RefusedError(_("测量时间还没有到，请检查日期和时间。"))


def make_observation(
    book: Book,
    patient: Patient,
    metric: str,
    values: Mapping[str, float],
    at: datetime,
    by: Actor,
) -> Observation:
    now = time.now()
    return Observation(
        measured_at=at,
        id=make_event_id(now),
        hospital_id=patient.hospital_id,
        patient=patient,
        metric=metric,
        slot=book.slots.name_at(at, ZoneInfo(patient.hospital.time_zone)),
        recorded_at=now,
        by_kind=by.kind,
        by_id=by.id,
        **columns_by_field(book, metric, values),
    )


def keep_once(observation: Observation, client_key: str) -> bool:
    """Write the key and the row; False when the key was written by somebody faster."""
    _key, is_new = ObservationKey.objects.get_or_create(
        hospital_id=observation.hospital_id,
        client_key=client_key,
        defaults={
            "patient": observation.patient,
            "measured_at": observation.measured_at,
            "observation_id": observation.id,
        },
    )
    if is_new:
        observation.save(force_insert=True)
    return is_new


def settle_saved(book: Book, patient: Patient, observation: Observation, by: Actor) -> list[Alert]:
    """Tell the journal and the open pages, and let the rules look."""
    touch_profile(patient, observation.measured_at)
    events.record(
        "observation.recorded",
        hospital_id=patient.hospital_id,
        subject="observation",
        subject_id=observation.id,
        patient_id=patient.pk,
        by=by,
        data={
            "metric": observation.metric,
            "slot": observation.slot,
            "measured_at": observation.measured_at.isoformat(),
            "is_correction": observation.replaces_id is not None,
        },
    )
    live.publish(patient.hospital_id, f"patient:{patient.key}")
    reading = Reading(observation.measured_at, values_of(book, observation), observation.slot)
    return weigh_reading(book, patient, observation.metric, reading, by=by)


def touch_profile(patient: Patient, measured_at: datetime) -> None:
    """Remember when the patient last measured, for the sweep that asks about silence."""
    moved = HealthProfile.objects.filter(patient=patient).update(
        last_measured_at=Greatest(F("last_measured_at"), measured_at)
    )
    if not moved:
        HealthProfile.objects.get_or_create(
            hospital_id=patient.hospital_id,
            patient=patient,
            defaults={"last_measured_at": measured_at},
        )


@transaction.atomic
def correct_reading(
    patient: Patient, wrong: Observation, values: Mapping[str, float], *, by: Actor
) -> Recorded:
    """Put a right reading beside the wrong one; the wrong one stays, marked as amended."""
    check_may_record(by, patient)
    book = queries.load_book(patient.hospital_id)
    metric = book.metric(wrong.metric)
    verdict = judge_values(list(metric["fields"]), metric.get("orders", []), values)
    if verdict.state != "ok":
        return Recorded(verdict)
    retire(wrong, Observation.State.AMENDED)
    right = make_observation(book, patient, wrong.metric, verdict.values, wrong.measured_at, by)
    right.replaces_at, right.replaces_id = wrong.measured_at, wrong.id
    keep_once(right, make_key())
    return Recorded(verdict, right, tuple(settle_saved(book, patient, right, by)))


@transaction.atomic
def withdraw_reading(patient: Patient, wrong: Observation, *, by: Actor) -> None:
    """Mark a reading as entered in error; it stays on record and counts no more."""
    check_may_record(by, patient)
    retire(wrong, Observation.State.ENTERED_IN_ERROR)
    events.record(
        "observation.withdrawn",
        hospital_id=patient.hospital_id,
        subject="observation",
        subject_id=wrong.id,
        patient_id=patient.pk,
        by=by,
        data={"metric": wrong.metric},
    )
    live.publish(patient.hospital_id, f"patient:{patient.key}")


def retire(wrong: Observation, state: str) -> None:
    """Take a reading out of the averages, once."""
    rows = Observation.objects.filter(
        Q(state=Observation.State.FINAL), measured_at=wrong.measured_at, id=wrong.id
    )
    if not rows.update(state=state):
        raise RefusedError(_("这条读数已经改过了，请刷新后再试。"))
