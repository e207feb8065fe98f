"""The worker process: it fetches jobs on connections of its own and runs each on Django's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, LiteralString

import structlog
from django.db import close_old_connections
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import UniqueViolation
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status
from procrastinate.middleware import SyncCallNext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.sql import queries
from procrastinate.worker import Worker

log = structlog.get_logger(__name__)


class WorkerConnector(PsycopgConnector):
    """Psycopg's for fetching; what a job defers goes through Django's connection.

    The library's own worker defers on the fetching connections: then a job's jobs would start
    before its transaction commits, and survive its rollback.
    """

    def get_sync_connector(self) -> BaseConnector:
        return DjangoConnector()

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a query; a job whose successor waits under its queueing lock ends, not waits again.

        It cannot go back into the queue then, and left as running it would keep its lock: no
        later job of that name would ever start.
        """
        try:
            await super().execute_query_async(query, **arguments)
        except UniqueViolation:
            if query != queries["retry_job"]:
                raise
            ended = {"job_id": arguments["job_id"], "status": Status.ABORTED.value}
            await super().execute_query_async(queries["finish_job"], **ended, delete_job=False)


def run_worker(queues: Sequence[str] = (), *, concurrency: int = 4, wait: bool = True) -> None:
    """Run jobs until told to stop; with `wait` off, until none is due.

    Args:
        queues: names of the queues to serve; none means all of them.
        concurrency: how many jobs run at once in this process.
        wait: whether to stay for jobs that come later.
    """
    options: dict[str, Any] = {"queues": list(queues)} if queues else {}

    async def run() -> None:
        async with app.open_async():
            await app.run_worker_async(
                concurrency=concurrency,
                wait=wait,
                install_signal_handlers=wait,
                task_middleware=[run_on_fresh_connection],
                **options,
            )

    with app.replace_connector(WorkerConnector(kwargs=connector_params())):
        asyncio.run(run())


def run_on_fresh_connection(call_next: SyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Drop a connection that the database server closed meanwhile; tell of every failed attempt."""
    del worker
    close_old_connections()
    try:
        return call_next()
    except Exception:
        log.exception("job_failed", job=context.job.task_name, attempt=context.job.attempts + 1)
        raise
    finally:
        close_old_connections()
