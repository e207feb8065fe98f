"""Run the jobs that a test deferred, as a worker would, until none is left."""

from __future__ import annotations

import importlib
from typing import Any

from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob


def list_job_names() -> list[str]:
    """Return the names of the waiting jobs, oldest first."""
    rows = ProcrastinateJob.objects.filter(status="todo").order_by("id")
    return list(rows.values_list("task_name", flat=True))


def run_jobs(limit: int = 500) -> list[str]:
    """Run waiting jobs in order, each in its own savepoint; return their names.

    Unlike a worker it does not retry: a job that raises fails the test.
    """
    ran: list[str] = []
    while len(ran) < limit:
        job = ProcrastinateJob.objects.filter(status="todo").order_by("-priority", "id").first()
        if job is None:
            return ran
        take(job.pk)
        task = app.tasks[job.task_name]
        task.func(**job.args)
        finish(job.pk)
        ran.append(job.task_name)
    raise AssertionError(f"more than {limit} jobs: {ran[-5:]}")


def run_periodic(module: str, function: str, hospital_id: int, **options: Any) -> None:
    """Run the body of one periodic job for one hospital."""
    body = getattr(importlib.import_module(module), function)
    getattr(body, "for_hospital", body)(hospital_id, **options)


def take(job_id: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'doing' where id = %s", [job_id])


def finish(job_id: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'succeeded' where id = %s", [job_id])
