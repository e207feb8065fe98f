"""Writes: what may happen to journeys, enrolments and due steps."""

from __future__ import annotations

from lianxin.journeys.actions.enrolling import enrol_by_event, enrol_patient
from lianxin.journeys.actions.moments import (
    MomentText,
    approve_moment,
    save_moment,
    withdraw_moment,
)
from lianxin.journeys.actions.planning import plan_batch
from lianxin.journeys.actions.running import fail_first, run_due_batch
from lianxin.journeys.actions.stopping import (
    pause_enrolment,
    replay_step,
    resume_enrolment,
    skip_step,
    stop_enrolment,
    stop_leavers,
    stop_patients,
)
from lianxin.journeys.actions.ticking import tick_cards
from lianxin.journeys.actions.versions import (
    approve_version,
    publish_version,
    retire_journey,
    save_draft,
)

__all__ = [
    "MomentText",
    "approve_moment",
    "approve_version",
    "enrol_by_event",
    "enrol_patient",
    "fail_first",
    "pause_enrolment",
    "plan_batch",
    "publish_version",
    "replay_step",
    "resume_enrolment",
    "retire_journey",
    "run_due_batch",
    "save_draft",
    "save_moment",
    "skip_step",
    "stop_enrolment",
    "stop_leavers",
    "stop_patients",
    "tick_cards",
    "withdraw_moment",
]
