"""The journal: write what happened, and tell the rooms above without knowing them.

Every write of the product ends here, in the transaction that changed the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from procrastinate.tasks import Task

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.ids import make_event_id
from lianxin.core.jobs import defer_many
from lianxin.core.models import Event
from lianxin.core.rows import insert_rows

# The value of settings.EVENT_WIRING, which plays for events the part that ROOT_URLCONF
# plays for requests: event name -> the jobs that hear it.
Wiring = Mapping[str, Sequence[Task[Any, Any, Any]]]

# One listener job carries at most this many events: a job costs ~3 ms, an event inside ~0.1 ms.
EVENTS_PER_JOB = 100
ROWS_PER_INSERT = 1000


@dataclass(frozen=True)
class Entry:
    """One event to be recorded. `data` holds ids and codes only, never anything personal."""

    name: str
    hospital_id: int
    subject: str
    subject_id: int | None
    by_kind: str
    by_id: int | None = None
    patient_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def record(
    name: str,
    *,
    hospital_id: int,
    subject: str,
    subject_id: int | None,
    by: Actor,
    patient_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Write one journal line and one job per listener, in the caller's transaction.

    Jobs are rows in the same database, so they exist if and only if the change does.
    """
    entry = Entry(
        name=name,
        hospital_id=hospital_id,
        subject=subject,
        subject_id=subject_id,
        by_kind=by.kind,
        by_id=by.id,
        patient_id=patient_id,
        data=data or {},
    )
    return record_many([entry])[0]


def record_many(entries: Sequence[Entry]) -> list[Event]:
    """Write many journal lines at once; each listener gets one job per hundred events."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("events are recorded in the transaction that changes the data")
    events = make_events(entries)
    for start in range(0, len(events), ROWS_PER_INSERT):
        insert_rows(events[start : start + ROWS_PER_INSERT])
    tell_listeners(events)
    return events


def make_events(entries: Sequence[Entry]) -> list[Event]:
    """Build, without saving."""
    return [make_event(entry) for entry in entries]


def make_event(entry: Entry) -> Event:
    at = entry.at or time.now()
    return Event(
        at=at,
        id=make_event_id(at),
        hospital_id=entry.hospital_id,
        name=entry.name,
        subject=entry.subject,
        subject_id=entry.subject_id,
        patient_id=entry.patient_id,
        by_kind=entry.by_kind,
        by_id=entry.by_id,
        data=entry.data,
    )


def tell_listeners(events: Sequence[Event]) -> None:
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    heard: dict[tuple[str, int], list[Event]] = {}
    for event in events:
        if event.name in wiring:
            heard.setdefault((event.name, event.hospital_id), []).append(event)
    for (name, hospital_id), group in heard.items():
        for task in wiring[name]:
            defer_in_batches(task, hospital_id, group)


def defer_in_batches(task: Task[Any, Any, Any], hospital_id: int, events: Sequence[Event]) -> None:
    batches = [
        events[start : start + EVENTS_PER_JOB] for start in range(0, len(events), EVENTS_PER_JOB)
    ]
    defer_many(
        task,
        [
            {"hospital_id": hospital_id, "events": [as_job(event) for event in batch]}
            for batch in batches
        ],
    )


def as_job(event: Event) -> dict[str, Any]:
    """Return the event as listeners get it: JSON, ids and codes."""
    return {
        "id": event.id,
        "at": event.at.isoformat(),
        "name": event.name,
        "subject": event.subject,
        "subject_id": event.subject_id,
        "patient_id": event.patient_id,
        "by_kind": event.by_kind,
        "by_id": event.by_id,
        "data": event.data,
    }
