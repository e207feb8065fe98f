"""Reach staff, by notice, card and call; say of a welcome that it was missed."""

from __future__ import annotations

from lianxin.channels import actions, queries, synchronising
from lianxin.channels.models import StaffCall
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope


@periodic(seconds=5, queue="urgent")
def sweep_welcomes(hospital_id: int) -> None:
    """Call a welcome missed when its code has died; it never waits silently."""
    with scope(hospital_id):
        actions.miss_overdue(hospital_id, queries.list_overdue_welcomes(hospital_id, time.now()))


@periodic(seconds=5, queue="urgent")
def send_notices(hospital_id: int) -> None:
    with scope(hospital_id):
        due = queries.list_due_notices(hospital_id, time.now())
    for notice_id in due:
        synchronising.send_notice(hospital_id, notice_id)


@periodic(seconds=5, queue="urgent")
def place_calls(hospital_id: int) -> None:
    """Ring who is to be rung, and end what has been silent for too long."""
    with scope(hospital_id):
        due = queries.list_due_calls(hospital_id, time.now())
        actions.end_silent(hospital_id, [call.pk for call in due])
    for call in due:
        if call.state == StaffCall.State.WAITING:
            synchronising.place_call(hospital_id, call.pk)


@periodic(seconds=5, queue="urgent")
def tell_presses(hospital_id: int) -> None:
    """Show in cards what became of their presses, and take back what is settled."""
    with scope(hospital_id):
        presses = queries.list_presses_to_tell(hospital_id)
        recalls = queries.list_notices_to_recall(hospital_id)
    for press_id in presses:
        synchronising.tell_press(hospital_id, press_id)
    for notice_id in recalls:
        synchronising.recall_notice(hospital_id, notice_id)
