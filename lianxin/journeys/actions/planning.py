"""Turns definitions into rows of due steps, a few days ahead; twice is the same as once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from lianxin.core import events, time
from lianxin.core.events import Entry
from lianxin.core.models import Hospital
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.journeys.queries import definition_of
from lianxin.journeys.rules.schedule import Horizon, is_over, materialise

# Far enough that a weekend without a worker loses nothing, near enough that rows stay few.
AHEAD = timedelta(days=7)
REFILL = timedelta(days=3)
BATCH = 500


def make_steps(enrolment: Enrolment, zone_name: str, first: date, last: date) -> list[DueStep]:
    """Build, without saving, the rows of these days."""
    planned = materialise(
        definition_of(enrolment.version),
        enrolment.anchor_on,
        zone_name,
        Horizon(first, last),
        enrolled_at=enrolment.enrolled_at,
    )
    return [
        DueStep(
            hospital_id=enrolment.hospital_id,
            enrolment=enrolment,
            patient_id=enrolment.patient_id,
            step_key=step.step_key,
            occurrence_on=step.occurrence,
            revision=enrolment.revision,
            due_at=step.due_at,
            window_ends_at=step.window_ends_at,
        )
        for step in planned
    ]


def save_steps(steps: Sequence[DueStep]) -> None:
    """Insert what is not there yet; the unique key decides, not what anybody read before."""
    DueStep.objects.bulk_create(steps, batch_size=1000, ignore_conflicts=True)


@transaction.atomic
def plan_batch(hospital_id: int, limit: int = BATCH) -> int:
    """Plan ahead for enrolments that run short; return how many. Workers never share a row."""
    hospital = Hospital.objects.get(pk=hospital_id)
    today = time.today(hospital)
    short = Enrolment.objects.of(hospital_id).filter(
        state=Enrolment.State.ACTIVE, planned_until__lt=today + REFILL
    )
    locked = short.select_for_update(skip_locked=True, no_key=True, of=("self",))
    batch = list(locked.select_related("version").order_by("planned_until", "id")[:limit])
    until = today + AHEAD
    steps: list[DueStep] = []
    finished: list[Enrolment] = []
    for enrolment in batch:
        if is_over(definition_of(enrolment.version), enrolment.anchor_on, enrolment.planned_until):
            finished.append(enrolment)
            continue
        first = enrolment.planned_until + timedelta(days=1)
        steps += make_steps(enrolment, hospital.time_zone, first, until)
    save_steps(steps)
    finish(hospital_id, finished, until)
    planned = {enrolment.pk for enrolment in batch} - {enrolment.pk for enrolment in finished}
    Enrolment.objects.filter(pk__any_of=planned).update(planned_until=until)
    return len(batch)


def finish(hospital_id: int, enrolments: Sequence[Enrolment], until: date) -> None:
    """End those whose steps are all settled; the others are looked at again later."""
    candidates = {enrolment.pk: enrolment for enrolment in enrolments}
    still_open = DueStep.objects.filter(
        hospital_id=hospital_id, enrolment_id__in=candidates, state__in=DueStep.OPEN
    )
    waiting = set(still_open.values_list("enrolment_id", flat=True))
    Enrolment.objects.filter(pk__any_of=waiting).update(planned_until=until)
    done = [enrolment for pk, enrolment in candidates.items() if pk not in waiting]
    Enrolment.objects.filter(pk__in=[enrolment.pk for enrolment in done]).update(
        state=Enrolment.State.FINISHED, ended_at=time.now(), end_reason="finished"
    )
    events.record_many(
        [
            Entry(
                name="journey.finished",
                hospital_id=hospital_id,
                subject="enrolment",
                subject_id=enrolment.pk,
                by_kind="system",
                patient_id=enrolment.patient_id,
                data={"journey_id": enrolment.journey_id},
            )
            for enrolment in done
        ]
    )
