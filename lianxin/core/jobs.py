"""Background jobs: rows in the same database, run by any number of worker processes.

Every job may run twice and may die anywhere. Deadlines of the domain are rows with a due time,
swept by the periodic jobs of their room: so the demo's clock moves them too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from django.db import close_old_connections, connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from lianxin.core.models import Hospital

log = structlog.get_logger(__name__)

JobFunction = Callable[..., None]
AnyTask = Task[Any, Any, Any]

# Eight attempts over about four minutes, then the job stays as failed for the operator.
RETRY = RetryStrategy(max_attempts=8, exponential_wait=2)
STALLED_AFTER_SECONDS = 30.0


def name_of(function: JobFunction) -> str:
    """Name a job after its room, in whichever module of the room's jobs it stands."""
    room, jobs, _ = f"{function.__module__}.".removeprefix("lianxin.").partition(".jobs.")
    return f"{room}{jobs}{function.__name__}"


def job(*, queue: str = "default") -> Callable[[JobFunction], AnyTask]:
    """Make a job of a plain function that takes JSON keyword arguments."""

    def register(function: JobFunction) -> AnyTask:
        name = name_of(function)
        task: AnyTask = app.task(queue=queue, name=name, retry=RETRY)(function)
        return task

    return register


# The library passes jobs as an array of rows, in which each quote of their JSON is escaped twice,
# one by one: a job of a hundred events took longer to write down than to store (seen 2026-11).
DEFER_MANY = """
select procrastinate_defer_jobs_v1(array(
    select jsonb_populate_record(null::procrastinate_job_to_defer_v1, job)
    from jsonb_array_elements(%s::jsonb) with ordinality as given (job, number) order by number))
"""


def defer_many(task: AnyTask, calls: Sequence[Mapping[str, Any]]) -> None:
    """Put one job per call into the queue, in the caller's transaction, as `task.defer` would."""
    job = task.configure().job
    common = {
        "queue_name": job.queue,
        "task_name": job.task_name,
        "priority": job.priority,
        "lock": job.lock,
        "queueing_lock": job.queueing_lock,
    }
    rows = [common | {"args": call} for call in calls]
    with connection.cursor() as cursor:
        cursor.execute(DEFER_MANY, [json.dumps(rows, ensure_ascii=False)])


def periodic(*, seconds: int, queue: str = "default") -> Callable[[JobFunction], AnyTask]:
    """Run `function(hospital_id)` for every active hospital every so many seconds.

    One process at a time: the tick holds a lock, and a late tick is not run twice.
    `seconds` divides a minute, or is a multiple of 60 that divides an hour or a day.
    """

    def register(function: JobFunction) -> AnyTask:
        name = name_of(function)

        def tick(timestamp: int) -> None:
            del timestamp
            run_for_hospitals(function)

        task: AnyTask = app.task(queue=queue, name=name, lock=name, queueing_lock=name)(tick)
        app.periodic(cron=cron_of(seconds))(task)
        # Tests and commands run the body for one hospital without a tick.
        task.for_hospital = function  # type: ignore[attr-defined]
        return task

    return register


def run_for_hospitals(function: JobFunction) -> None:
    """Run for each hospital; one hospital's failure does not stop the others, and is raised."""
    failures: list[str] = []
    for hospital_id in Hospital.objects.filter(is_active=True).values_list("pk", flat=True):
        try:
            function(hospital_id)
        except Exception as error:
            close_old_connections()
            log.exception("periodic_failed", job=function.__name__, hospital_id=hospital_id)
            failures.append(f"{hospital_id}: {type(error).__name__}")
    if failures:
        raise RuntimeError(f"{function.__name__} failed for hospitals {', '.join(failures)}")


def cron_of(seconds: int) -> str:
    """Return the six-field cron line (seconds last) for an interval."""
    if seconds < 60:
        return f"* * * * * */{seconds}"
    minutes, rest = divmod(seconds, 60)
    if rest or (minutes > 60 and minutes % 60):
        raise ValueError(f"{seconds} s is no whole part of an hour or a day")
    if minutes < 60:
        return f"*/{minutes} * * * *"
    return f"0 */{minutes // 60} * * *" if minutes < 24 * 60 else "0 0 * * *"


@app.periodic(cron="* * * * * */15")
@app.task(queue="default", name="core.jobs.retry_stalled", queueing_lock="core.jobs.retry_stalled")
async def retry_stalled(timestamp: int) -> None:
    """Put the jobs of a worker that was killed back into the queue."""
    del timestamp
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS)
    for stuck in stalled:
        await app.job_manager.retry_job(stuck)
