"""Several workers and one that dies: real connections, real commits, a database of their own."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection

from lianxin.core.embedded import DatabaseUrls
from lianxin.core.hospitals import open_hospital
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.journeys import actions
from lianxin.journeys.actions import running
from lianxin.journeys.models import DueStep
from lianxin.outreach.models import Card, Intent
from lianxin.testing.journeys import make_enrolment, make_journey, run_due

MORNING = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
NINE = MORNING + timedelta(hours=2)
TODAY = date(2026, 11, 22)
PATIENTS = 30


@pytest.fixture
def committed(own_database: DatabaseUrls) -> Hospital:
    """Give a hospital with due steps in a database where everything is really committed."""
    return fill()


@time_machine.travel(MORNING, tick=False)
def fill() -> Hospital:
    hospital = open_hospital("河畔医院")
    journey = make_journey(hospital)
    for _ in range(PATIENTS):
        make_enrolment(journey, discharged_on=TODAY)
    return hospital


def counts(hospital: Hospital) -> tuple[int, int, int, int]:
    with scope(hospital):
        done = DueStep.objects.filter(state="done").count()
        told = sum(e.data["done"] for e in Event.objects.filter(name="journey.steps_run"))
        return done, Card.objects.count(), Intent.objects.count(), told


EVERYTHING_ONCE = (2 * PATIENTS, PATIENTS, PATIENTS, 2 * PATIENTS)


def run_batch(hospital_id: int, limit: int) -> int:
    with scope(hospital_id):
        return actions.run_due_batch(hospital_id, limit)


def work(hospital_id: int, start: threading.Barrier, failures: list[BaseException]) -> None:
    """Be a worker of its own connection that takes small batches until nothing is left."""
    try:
        start.wait()
        while run_batch(hospital_id, 7):
            continue
    except BaseException as error:
        failures.append(error)
        raise
    finally:
        connection.close()


def test_four_workers_share_the_work_and_do_nothing_twice(committed: Hospital) -> None:
    start, failures = threading.Barrier(4), list[BaseException]()
    threads = [
        threading.Thread(target=work, args=(committed.pk, start, failures)) for _ in range(4)
    ]
    with time_machine.travel(NINE, tick=False):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []
    assert counts(committed) == EVERYTHING_ONCE


@pytest.mark.parametrize("dies_after", ["claim", "carry", "settle"])
def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    committed: Hospital, dies_after: str
) -> None:
    """The server ends the worker's connection before its commit, as kill -9 would."""
    with time_machine.travel(NINE, tick=False):
        with pytest.raises(OperationalError), scope(committed):
            if dies_after == "claim":
                running.claim(committed.pk, NINE, 500)
            else:
                actions.run_due_batch(committed.pk, 500)
            if dies_after == "settle":
                Card.objects.update(state="announced")
            kill_own_connection()
        connection.close()
        assert counts(committed) == (0, 0, 0, 0)

        run_due(committed.pk)

    assert counts(committed) == EVERYTHING_ONCE


def kill_own_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pg_backend_pid())")


def test_one_worker_waits_for_nobody(committed: Hospital) -> None:
    """Rows that another transaction holds are left to it, and come back when it rolls back."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with suppress(OperationalError), scope(committed.pk):
            running.claim(committed.pk, NINE, 10)
            held.set()
            done.wait(30)
            kill_own_connection()
        connection.close()

    thread = threading.Thread(target=hold)
    with time_machine.travel(NINE, tick=False):
        thread.start()
        held.wait(30)
        run_due(committed.pk)
        assert counts(committed)[0] == 2 * PATIENTS - 10
        done.set()
        thread.join()
        run_due(committed.pk)

    assert counts(committed)[0] == 2 * PATIENTS
