"""Pausing, resuming, skipping and stopping: at once, for every step that has not run."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from lianxin.core import time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.journeys import queries
from lianxin.journeys.actions.enrolling import record
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.journeys.queries import definition_of
from lianxin.journeys.rules import running
from lianxin.journeys.rules.entry import ends_by_leaving
from lianxin.patients.models import Patient


@transaction.atomic
def stop_enrolment(enrolment: Enrolment, *, by: Actor, reason: str = "by_staff") -> None:
    """End one journey. Steps that have not run never will."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    if not stop_all([enrolment], by=by, reason=reason):
        raise RefusedError(_("这个旅程已经结束。"))


@transaction.atomic
def stop_patients(
    hospital_id: int, patient_ids: Iterable[int], *, reason: str, purpose: str = ""
) -> int:
    """End everything these patients are on; with a purpose only what needs that consent."""
    rows = Enrolment.objects.of(hospital_id).running().filter(patient_id__in=set(patient_ids))
    enrolments = list(rows.select_related("version").order_by("pk"))
    if purpose:
        enrolments = [e for e in enrolments if purpose in definition_of(e.version).purposes]
    return stop_all(enrolments, by=SystemActor(hospital_id), reason=reason)


@transaction.atomic
def stop_leavers(hospital_id: int, patient_ids: Iterable[int]) -> int:
    """End what says that it ends on leaving, for those who are in none of its groups any more."""
    rows = Enrolment.objects.of(hospital_id).running().filter(patient_id__in=set(patient_ids))
    stopped = []
    for enrolment in rows.select_related("version").order_by("pk"):
        groups = queries.group_keys_of(hospital_id, enrolment.patient_id)
        if ends_by_leaving(definition_of(enrolment.version), groups):
            stopped.append(enrolment)
    return stop_all(stopped, by=SystemActor(hospital_id), reason="left_group")


def stop_all(enrolments: list[Enrolment], *, by: Actor, reason: str) -> int:
    """Claim each by a conditional update, so that two who stop it write one event."""
    now = time.now()
    stopped = 0
    for enrolment in enrolments:
        claimed = Enrolment.objects.running().filter(pk=enrolment.pk)
        stopped_now = claimed.update(
            state=Enrolment.State.STOPPED,
            ended_at=now,
            end_reason=reason,
            revision=F("revision") + 1,
        )
        if not stopped_now:
            continue
        stopped += 1
        end_steps(enrolment, DueStep.State.CANCELLED, running.STOPPED)
        record("journey.stopped", enrolment, by=by, reason=reason)
    return stopped


def end_steps(enrolment: Enrolment, state: str, reason: str) -> int:
    rows = DueStep.objects.filter(
        hospital_id=enrolment.hospital_id, enrolment=enrolment, state__in=DueStep.OPEN
    )
    return rows.update(state=state, reason=reason, settled_at=time.now())


@transaction.atomic
def pause_enrolment(enrolment: Enrolment, *, by: Actor) -> None:
    if not by.may("patient.edit"):
        raise ForbiddenError
    claimed = Enrolment.objects.filter(pk=enrolment.pk, state=Enrolment.State.ACTIVE)
    if not claimed.update(state=Enrolment.State.PAUSED):
        raise RefusedError(_("只有进行中的旅程可以暂停。"))
    DueStep.objects.filter(enrolment=enrolment, state=DueStep.State.DUE).update(
        state=DueStep.State.HELD
    )
    record("journey.paused", enrolment, by=by)


@transaction.atomic
def resume_enrolment(enrolment: Enrolment, *, by: Actor) -> None:
    """Go on. Steps whose time went by meanwhile are missed, with that as the reason."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    claimed = Enrolment.objects.filter(
        pk=enrolment.pk, state=Enrolment.State.PAUSED, patient__state=Patient.State.ACTIVE
    )
    if not claimed.update(state=Enrolment.State.ACTIVE):
        raise RefusedError(_("只有暂停的旅程可以继续。"))
    held = DueStep.objects.filter(enrolment=enrolment, state=DueStep.State.HELD)
    now = time.now()
    held.filter(window_ends_at__lte=now).update(
        state=DueStep.State.MISSED, reason=running.PAUSED, settled_at=now
    )
    held.filter(window_ends_at__gt=now).update(state=DueStep.State.DUE)
    record("journey.resumed", enrolment, by=by)


@transaction.atomic
def skip_step(step: DueStep, *, by: Actor) -> None:
    """Leave one occurrence out."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    claimed = DueStep.objects.filter(pk=step.pk, state__in=DueStep.OPEN)
    skipped = claimed.update(
        state=DueStep.State.SKIPPED, reason=running.SKIPPED, settled_at=time.now()
    )
    if not skipped:
        raise RefusedError(_("这一步已经办过或已经结束。"))
    record("journey.step_skipped", step.enrolment, by=by, reason=step.step_key)


@transaction.atomic
def replay_step(step: DueStep, *, by: Actor) -> None:
    """Try a failed step again, if its window is still open."""
    if not by.may("journey.edit"):
        raise ForbiddenError
    claimed = DueStep.objects.filter(
        pk=step.pk, state=DueStep.State.FAILED, window_ends_at__gt=time.now()
    )
    if not claimed.update(state=DueStep.State.DUE, reason="", attempt_count=0, settled_at=None):
        raise RefusedError(_("这一步不能重放：没有出错，或者时间窗已过。"))
    record("journey.step_replayed", step.enrolment, by=by, reason=step.step_key)
