"""Where the recently discharged are on their journey: enrolled by the product, past settled."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from lianxin.core import time
from lianxin.core.scope import scope
from lianxin.demo.houses import Opened
from lianxin.demo.people import Member
from lianxin.journeys import actions as journeys
from lianxin.journeys.models import DueStep, Enrolment

STARTED_BY = "consent.given"
DONE_SHARE = 0.9


def write_walks(opened: Opened, members: list[Member], rng: Random) -> None:
    """Enrol who may still be on a journey; what was due before today is done, or was missed."""
    with scope(opened.hospital):
        ids = [member.patient.pk for member in members]
        journeys.enrol_by_event(opened.hospital.pk, ids, STARTED_BY)
        date_back(members)
        settle_past(opened, rng)


def date_back(members: list[Member]) -> None:
    """Let each journey have begun when the phone came."""
    joined = {member.patient.pk: member.joined_at for member in members}
    rows = list(Enrolment.objects.filter(patient__in=joined))
    for row in rows:
        row.enrolled_at = joined[row.patient_id]
    Enrolment.objects.bulk_update(rows, ["enrolled_at"])


def settle_past(opened: Opened, rng: Random) -> None:
    """Mark what was due before now, so that the demo does not begin with a flood of old steps."""
    past = list(DueStep.objects.filter(hospital=opened.hospital, due_at__lte=time.now()))
    for step in past:
        is_done = rng.random() < DONE_SHARE
        step.state = DueStep.State.DONE if is_done else DueStep.State.MISSED
        step.reason = "" if is_done else "worker_late"
        step.settled_at = step.due_at + timedelta(seconds=rng.randint(1, 40))
    DueStep.objects.bulk_update(past, ["state", "reason", "settled_at"], batch_size=1000)
