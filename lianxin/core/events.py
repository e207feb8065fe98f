"""The journal: write what happened, and tell the rooms above without knowing them.

Every write of the product ends here, in the transaction that changed the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from procrastinate.tasks import Task

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.ids import make_event_id
from lianxin.core.jobs import defer_many
from lianxin.core.models import Event
from lianxin.core.rows import insert_columns

# The value of settings.EVENT_WIRING, which plays for events the part that ROOT_URLCONF
# plays for requests: event name -> the jobs that hear it.
Wiring = Mapping[str, Sequence[Task[Any, Any, Any]]]

# One listener job carries at most this many events: a job costs ~3 ms, an event inside ~0.1 ms.
EVENTS_PER_JOB = 100
ROWS_PER_INSERT = 1000
# What a line has from its entry as it is.
NAMED = ("hospital_id", "name", "subject", "subject_id", "patient_id", "by_kind", "by_id")


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


class Line(NamedTuple):
    """One event as it was written."""

    id: int
    at: datetime
    entry: Entry


def record(
    name: str,
    *,
    hospital_id: int,
    subject: str,
    subject_id: int | None,
    by: Actor,
    patient_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
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
    record_many([entry])


def record_many(entries: Sequence[Entry]) -> list[Line]:
    """Write many journal lines at once; each listener gets one job per hundred events."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("events are recorded in the transaction that changes the data")
    lines = make_lines(entries)
    for start in range(0, len(lines), ROWS_PER_INSERT):
        insert_lines(lines[start : start + ROWS_PER_INSERT])
    tell_listeners(lines)
    return lines


def make_lines(entries: Iterable[Entry]) -> list[Line]:
    now = time.now()
    return [Line(make_event_id(one.at or now), one.at or now, one) for one in entries]


def insert_lines(lines: Sequence[Line]) -> None:
    entries = [line.entry for line in lines]
    varying: dict[str, list[Any]] = {name: [getattr(e, name) for e in entries] for name in NAMED}
    varying |= {"id": [line.id for line in lines], "at": [line.at for line in lines]}
    insert_columns(Event, {}, varying | {"data": [entry.data for entry in entries]})


def make_event(entry: Entry) -> Event:
    """Build a line without writing it."""
    [line] = make_lines([entry])
    named = {name: getattr(entry, name) for name in NAMED}
    return Event(at=line.at, id=line.id, data=entry.data, **named)


def tell_listeners(lines: Sequence[Line]) -> None:
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    heard: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        if line.entry.name in wiring:
            heard.setdefault((line.entry.name, line.entry.hospital_id), []).append(line)
    for (name, hospital_id), group in heard.items():
        for task in wiring[name]:
            defer_in_batches(task, hospital_id, group)


def defer_in_batches(task: Task[Any, Any, Any], hospital_id: int, lines: Sequence[Line]) -> None:
    starts = range(0, len(lines), EVENTS_PER_JOB)
    batches = [[as_job(line) for line in lines[n : n + EVENTS_PER_JOB]] for n in starts]
    defer_many(task, [{"hospital_id": hospital_id, "events": batch} for batch in batches])


def as_job(line: Line) -> dict[str, Any]:
    """Return the event as listeners get it: JSON, ids and codes."""
    entry = line.entry
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "name": entry.name,
        "subject": entry.subject,
        "subject_id": entry.subject_id,
        "patient_id": entry.patient_id,
        "by_kind": entry.by_kind,
        "by_id": entry.by_id,
        "data": entry.data,
    }
