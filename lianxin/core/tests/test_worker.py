"""A real worker: what a job defers belongs to its transaction; no job blocks the next for ever."""

from __future__ import annotations

import psycopg
from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from structlog.testing import capture_logs

from lianxin.core.embedded import DatabaseUrls
from lianxin.core.jobs import job, retry_stalled
from lianxin.core.models import Hospital
from lianxin.core.worker import run_worker
from lianxin.testing.core import make_hospital


@job()
def greet(name: str) -> None:
    """Run after the transaction that asked for it, and only then."""
    assert Hospital.objects.filter(name=name).exists()


@job()
def found_hospital(name: str, *, fails: bool) -> None:
    with transaction.atomic():
        greet.defer(name=name)
        make_hospital(name)
        assert count_from_outside("greet") == 0, "a job is seen before its cause"
        if fails:
            raise RuntimeError("the change is taken back")


def count_from_outside(job_name: str) -> int:
    """Count the jobs that another connection sees, as another worker would."""
    with psycopg.connect(settings.DATABASE_URL) as other:
        rows = other.execute(
            "select count(*) from procrastinate_jobs where task_name like %s", [f"%.{job_name}"]
        )
        (count,) = rows.fetchone() or (0,)
    return int(count)


def states(job_name: str) -> list[str]:
    rows = ProcrastinateJob.objects.filter(task_name__endswith=f".{job_name}")
    return list(rows.values_list("status", flat=True))


def test_a_job_of_a_job_waits_for_the_commit(own_database: DatabaseUrls) -> None:
    found_hospital.defer(name="河畔医院", fails=False)
    with capture_logs() as logs:
        run_worker(wait=False)
        run_worker(wait=False)

    assert states("greet") == ["succeeded"]
    assert [line for line in logs if line["event"] == "job_failed"] == []


def test_a_job_of_a_job_goes_with_the_rollback(own_database: DatabaseUrls) -> None:
    found_hospital.defer(name="河畔医院", fails=True)
    with capture_logs() as logs:
        run_worker(wait=False)

    assert states("greet") == []
    assert states("found_hospital") == ["todo"], "it is tried again later"
    (line,) = [line for line in logs if line["event"] == "job_failed"]
    assert line["attempt"] == 1


# ---- a job that cannot go back into the queue ---------------------------------------------


@job()
def sweep(number: int) -> None:
    """Fail the first time, when the next one waits already."""
    if number == 1:
        defer_sweep(2)
        raise RuntimeError("the first one stumbles")


def defer_sweep(number: int) -> None:
    sweep.configure(lock="sweep", queueing_lock="sweep").defer(number=number)


def test_a_dead_workers_job_makes_way_for_the_one_behind_it(own_database: DatabaseUrls) -> None:
    defer_sweep(2)
    with psycopg.connect(settings.DATABASE_URL) as dead:
        dead.execute("select procrastinate_fetch_job_v2(null, null)")
    defer_sweep(3)

    retry_stalled.configure().defer(timestamp=0)
    run_worker(wait=False)
    run_worker(wait=False)

    assert sorted(states("sweep")) == ["aborted", "succeeded"]


def test_a_failed_job_makes_way_for_the_one_behind_it(own_database: DatabaseUrls) -> None:
    defer_sweep(1)

    with capture_logs():
        run_worker(wait=False)
        run_worker(wait=False)

    assert sorted(states("sweep")) == ["aborted", "succeeded"]
