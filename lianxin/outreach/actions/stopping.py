"""Stopping a merged task: for good, because its slot is over, or to make it again without some.

What the member had sent before stays sent: it is stored first, so nobody is told twice.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lianxin.channels.actions import ask_for_reminder
from lianxin.channels.adapters.base import SendFailed, Sent
from lianxin.channels.queries import find_task
from lianxin.core import events, live
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.outreach.actions.cancelling import cancel_intents
from lianxin.outreach.actions.confirming import NOT_CONFIRMED, ClaimedTask, close
from lianxin.outreach.actions.quotas import lock_ledger
from lianxin.outreach.actions.receipts import note_shares
from lianxin.outreach.models import Delivery, StaffConfirmation
from lianxin.outreach.queries.house import House, load_house
from lianxin.staff.models import Staff

STOPPED_BY_STAFF = "stopped_by_staff"
State = StaffConfirmation.State


@transaction.atomic
def cancel_confirmation(row: StaffConfirmation, *, by: Staff) -> None:
    """Stop what of a task is not sent yet; what was sent cannot be recalled by anybody."""
    if not by.may("send.confirm"):
        raise ForbiddenError
    house = load_house(row.hospital_id)
    rows = StaffConfirmation.objects.filter(hospital_id=row.hospital_id, pk=row.pk)
    claimed = rows.filter(state=State.WAITING).update(
        state=State.STOPPING, reason_code=STOPPED_BY_STAFF, due_at=house.now
    )
    if not claimed:
        claimed = rows.filter(state=State.PLANNED).update(
            state=State.CANCELLED, reason_code=STOPPED_BY_STAFF, settled_at=house.now
        )
        if not claimed:
            raise RefusedError(_("这个任务正在创建或已经结束，请刷新后再看。"))
        cancel_waiting(row, by)
    events.record(
        "staff_task.cancelled",
        hospital_id=row.hospital_id,
        subject="staff_confirmation",
        subject_id=row.pk,
        by=by,
        data={"staff_id": row.staff_id, "slot": row.slot},
    )
    live.publish(row.hospital_id, "today")


def remind_staff(row: StaffConfirmation, *, by: Staff) -> None:
    """Have the member reminded at WeCom. Refused in words where no reminder is left."""
    task = find_task(row.account_id, row.provider_message_id)
    if task is None or row.state != State.WAITING:
        raise RefusedError(_("这个任务现在没有人要确认，不用提醒。"))
    ask_for_reminder(task, by=by)


@transaction.atomic
def settle_taken_back(hospital_id: int, task: ClaimedTask, result: Sent | SendFailed) -> None:
    """Store that the provider stopped a task: end it, or make it again for those who are left."""
    house = load_house(hospital_id)
    lock_ledger(house)
    row = (
        StaffConfirmation.objects.filter(hospital_id=hospital_id, pk=task.confirmation_id)
        .filter(state__in=[State.TAKING_BACK, State.STOPPING])
        .select_for_update(no_key=True)
        .first()
    )
    if row is None:
        return
    if isinstance(result, SendFailed):
        settle_not_stopped(house, row, result)
    else:
        settle_stopped(house, row)
    live.publish(hospital_id, "today")


def settle_not_stopped(house: House, row: StaffConfirmation, failure: SendFailed) -> None:
    """Ask again while it may help; what the provider cannot stop is left as it is."""
    if not failure.permanent:
        row.due_at = house.now + timedelta(seconds=house.settings.delivering.retry_seconds[0])
        row.save(update_fields=["due_at"])
    elif row.reason_code == NOT_CONFIRMED:
        close(house, row, State.EXPIRED, NOT_CONFIRMED)
    else:
        row.state, row.reason_code = State.WAITING, failure.reason_code[:40]
        row.save(update_fields=["state", "reason_code"])


def settle_stopped(house: House, row: StaffConfirmation) -> None:
    """End it, or make it again for those who are left. What was sent by then is stored first."""
    note_shares(house, row)
    if row.state == State.TAKING_BACK:
        row.state, row.due_at, row.provider_message_id = State.PLANNED, house.now, ""
        row.save(update_fields=["state", "due_at", "provider_message_id"])
    elif row.reason_code == NOT_CONFIRMED:
        close(house, row, State.EXPIRED, NOT_CONFIRMED)
    else:
        row.state, row.settled_at = State.CANCELLED, house.now
        row.save(update_fields=["state", "settled_at"])
        cancel_waiting(row, SystemActor(row.hospital_id))


def cancel_waiting(row: StaffConfirmation, by: Actor) -> int:
    """Cancel what still waits in a task: a colleague does not want it said, by no carrier."""
    waiting = Delivery.objects.of(row.hospital_id).filter(
        confirmation=row, state=Delivery.State.WAITING_STAFF
    )
    ids = list(waiting.values_list("intent_id", flat=True))
    return cancel_intents(row.hospital_id, Q(pk__in=ids), by)
