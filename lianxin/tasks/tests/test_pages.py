from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.tasks.models import StaffTask
from lianxin.testing.guarded import assert_guarded
from lianxin.testing.patients import make_patient
from lianxin.testing.tasks import make_task


def test_the_list_is_guarded(riverside: Hospital) -> None:
    assert_guarded("/tasks/", "GET", hospital=riverside, permission="task.read", has_object=False)


def test_the_page_is_guarded(riverside: Hospital) -> None:
    task = make_task(riverside)

    assert_guarded(f"/tasks/{task.key}/", "GET", hospital=riverside, permission="task.read")


def test_a_try_is_guarded(riverside: Hospital) -> None:
    task = make_task(riverside)

    assert_guarded(
        f"/tasks/{task.key}/tries/",
        "POST",
        hospital=riverside,
        permission="task.complete",
        bad={"outcome": "whatever"},
    )


def test_handing_on_is_guarded(riverside: Hospital) -> None:
    task = make_task(riverside)

    assert_guarded(
        f"/tasks/{task.key}/assignee/",
        "POST",
        hospital=riverside,
        permission="task.complete",
        bad={"assignee": "nobody-here"},
    )


def test_cancelling_is_guarded(riverside: Hospital) -> None:
    task = make_task(riverside)

    assert_guarded(
        f"/tasks/{task.key}/cancellation/",
        "POST",
        hospital=riverside,
        permission="task.complete",
    )


def test_a_nurse_closes_a_call_with_one_word(
    as_lin: Client, lin: Staff, riverside: Hospital
) -> None:
    task = make_task(riverside, patient=make_patient(riverside, name="张明"))

    page = as_lin.get(f"/tasks/{task.key}/").content.decode()
    answer = as_lin.post(f"/tasks/{task.key}/tries/", {"outcome": "reached", "note": "都好"})
    closed = as_lin.get(f"/tasks/{task.key}/").content.decode()

    assert "消息发不出去" in page
    assert "张明" not in page
    assert answer.status_code == 302
    assert "已联系上" in closed
    assert "都好" in closed
    with scope(riverside):
        task.refresh_from_db()
        assert (task.state, task.closed_by_id) == (StaffTask.State.DONE, lin.pk)


def test_a_task_closed_by_a_colleague_says_so(as_lin: Client, riverside: Hospital) -> None:
    task = make_task(riverside)
    as_lin.post(f"/tasks/{task.key}/tries/", {"outcome": "reached"})

    again = as_lin.post(f"/tasks/{task.key}/tries/", {"outcome": "reached"})

    assert again.status_code == 409
    assert "有人处理完" in again.content.decode()


def test_a_task_is_handed_on_and_cancelled(
    as_lin: Client, zhou: Staff, riverside: Hospital
) -> None:
    task = make_task(riverside)

    as_lin.post(f"/tasks/{task.key}/assignee/", {"assignee": zhou.key})
    assert zhou.name in as_lin.get("/tasks/").content.decode()
    as_lin.post(f"/tasks/{task.key}/cancellation/")

    assert "没有任务" in as_lin.get("/tasks/?whose=mine").content.decode()
    assert task.key in as_lin.get("/tasks/?state=cancelled").content.decode()


def test_who_looks_is_written_down(as_lin: Client, lin: Staff, riverside: Hospital) -> None:
    task = make_task(riverside)

    as_lin.get("/tasks/")

    with scope(riverside):
        entry = AccessEntry.objects.get(page="tasks:list")
    assert (entry.by_id, entry.patient_id) == (lin.pk, task.patient_id)


def test_the_list_costs_the_same_for_one_and_for_forty(as_lin: Client, riverside: Hospital) -> None:
    make_task(riverside)
    as_lin.get("/tasks/")
    with CaptureQueriesContext(connection) as one:
        as_lin.get("/tasks/")
    for _ in range(9):
        make_task(riverside)
    with CaptureQueriesContext(connection) as ten:
        as_lin.get("/tasks/")

    assert len(one) == len(ten)


def test_htmx_gets_rows_only(as_lin: Client, riverside: Hospital) -> None:
    task = make_task(riverside)

    body = as_lin.get("/tasks/", headers={"HX-Request": "true"}).content.decode()

    assert task.key in body
    assert "<main" not in body
