"""What becomes of a due step at the moment somebody looks at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

RunVerdict = Literal["run", "missed", "cancelled", "wait"]

LEASE = timedelta(minutes=2)
LATE = "worker_late"
STOPPED = "enrolment_stopped"
PAUSED = "enrolment_paused"
STALE = "schedule_changed"
NO_CONSENT = "no_consent"
NOT_CARED_FOR = "patient_stopped"
NO_CONTENT = "content_not_published"
NO_MEDICINES = "no_medicines"
SKIPPED = "skipped_by_staff"

# Every reason a step can end for without having run; the words are in `words.py`.
REASONS = (
    LATE,
    STOPPED,
    PAUSED,
    STALE,
    NO_CONSENT,
    NOT_CARED_FOR,
    NO_CONTENT,
    NO_MEDICINES,
    SKIPPED,
)


def verdict(
    *,
    enrolment_state: str,
    step_revision: int,
    revision: int,
    window_ends_at: datetime,
    now: datetime,
) -> tuple[RunVerdict, str]:
    """Decide for a claimed step: late but inside its window still runs, after it never."""
    if step_revision != revision:
        return "cancelled", STALE
    if enrolment_state in {"stopped", "finished"}:
        return "cancelled", STOPPED
    if now >= window_ends_at:
        return "missed", PAUSED if enrolment_state == "paused" else LATE
    if enrolment_state == "paused":
        return "wait", PAUSED
    return "run", ""
