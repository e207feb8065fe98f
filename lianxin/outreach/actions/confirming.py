"""Staff confirmations: merge what waits into one WeCom task per staff member and slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from lianxin.channels.adapters.base import Outbound, SendFailed, Sent
from lianxin.core import events, live
from lianxin.core.ids import make_key
from lianxin.outreach import catalog
from lianxin.outreach.actions.composing import link_for
from lianxin.outreach.actions.settling import OUTCOME_UNKNOWN, Ledger, write
from lianxin.outreach.models import Delivery, Intent, StaffConfirmation
from lianxin.outreach.queries.house import House, load_accounts, load_house
from lianxin.outreach.rules.confirmations import (
    Budget,
    Plan,
    Waiting,
    plan_tasks,
    slot_closes_at,
)

NOT_CONFIRMED = "staff_not_confirmed"
TASK_FAILED = "staff_task_failed"
State = StaffConfirmation.State


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """A task that this worker makes at the provider, or takes back there."""

    confirmation_id: int
    account_id: int
    message_id: str
    outbound: Outbound | None

    @property
    def is_taken_back(self) -> bool:
        return self.outbound is None


# ---- planning -----------------------------------------------------------------------------


@transaction.atomic
def plan_confirmations(hospital_id: int) -> int:
    """Put what waits into the tasks that may be made now; the rest waits for the next slot."""
    house = load_house(hospital_id)
    waiting = list_waiting(house)
    if not waiting or has_due_intents(house):
        return 0
    plans = plan_tasks(waiting, load_budget(house), house.settings.staff, house.moment)
    made = [make_confirmation(house, plan) for plan in plans]
    StaffConfirmation.objects.bulk_create(made)
    for confirmation, plan in zip(made, plans, strict=True):
        Delivery.objects.filter(
            pk__in=plan.delivery_ids, state=Delivery.State.WAITING_STAFF, confirmation=None
        ).update(confirmation=confirmation)
    return len(made)


def list_waiting(house: House) -> list[Waiting]:
    rows = (
        Delivery.objects.of(house.hospital_id)
        .filter(state=Delivery.State.WAITING_STAFF, confirmation=None)
        .select_for_update(skip_locked=True, no_key=True)
        .order_by("pk")
        .values_list("pk", "staff_id", "account_id", "address_id", "patient_id", "created_at")
    )
    return [
        Waiting(pk, staff_id or 0, account_id or 0, address_id or 0, patient_id, since)
        for pk, staff_id, account_id, address_id, patient_id, since in rows
    ]


def has_due_intents(house: House) -> bool:
    """Tell whether workers are still judging what is due: then more may join the task."""
    due = Intent.objects.of(house.hospital_id).filter(
        state=Intent.State.PENDING, due_at__lte=house.now
    )
    late = house.now - timedelta(seconds=5 * house.settings.staff.collect_seconds)
    return due.filter(due_at__gt=late).exists()


def load_budget(house: House) -> Budget:
    today = house.moment.local.date()
    rows = StaffConfirmation.objects.filter(hospital_id=house.hospital_id, on=today)
    slots: dict[int, frozenset[str]] = {}
    for staff_id, slot in rows.values_list("staff_id", "slot"):
        slots[staff_id] = slots.get(staff_id, frozenset()) | {slot}
    reached = Delivery.objects.of(house.hospital_id).filter(
        confirmation__on=today, state__in=[*Delivery.ARRIVED, Delivery.State.WAITING_STAFF]
    )
    addresses = frozenset(pk for pk in reached.values_list("address_id", flat=True) if pk)
    return Budget({pk: len(names) for pk, names in slots.items()}, slots, addresses)


def make_confirmation(house: House, plan: Plan) -> StaffConfirmation:
    return StaffConfirmation(
        hospital_id=house.hospital_id,
        key=make_key(),
        staff_id=plan.staff_id,
        account_id=plan.account_id,
        on=house.moment.local.date(),
        slot=plan.slot,
        people_count=len(plan.delivery_ids),
        due_at=house.now,
        closes_at=slot_closes_at(house.settings.staff.slots, plan.slot, house.moment),
        created_at=house.now,
    )


# ---- making and taking back ---------------------------------------------------------------


@transaction.atomic
def claim_confirmations(hospital_id: int, *, limit: int = 20) -> list[ClaimedTask]:
    """Take tasks that are to be made or taken back; a dead worker's making is not repeated."""
    house = load_house(hospital_id)
    fail_abandoned(house)
    rows = list(
        StaffConfirmation.objects.filter(hospital_id=hospital_id, due_at__lte=house.now)
        .filter(state__in=[State.PLANNED, State.TAKING_BACK, State.STOPPING])
        .select_related("staff", "account")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .order_by("due_at", "pk")[:limit]
    )
    return [task for row in rows if (task := claim_task(house, row)) is not None]


def claim_task(house: House, row: StaffConfirmation) -> ClaimedTask | None:
    lease = house.now + timedelta(seconds=house.settings.delivering.lease_seconds)
    if row.state in {State.TAKING_BACK, State.STOPPING}:
        # Stopping twice is harmless, so a lost answer only means asking again after the lease.
        StaffConfirmation.objects.filter(pk=row.pk).update(due_at=lease)
        return ClaimedTask(row.pk, row.account_id, row.provider_message_id, None)
    people = list(
        Delivery.objects.filter(confirmation=row, state=Delivery.State.WAITING_STAFF)
        .order_by("pk")
        .values_list("address__external_id", flat=True)
    )
    if not people:
        StaffConfirmation.objects.filter(pk=row.pk).update(
            state=State.CANCELLED, settled_at=house.now
        )
        return None
    row.attempt_count += 1
    StaffConfirmation.objects.filter(pk=row.pk).update(
        state=State.CLAIMED,
        lease_until=lease,
        attempt_count=row.attempt_count,
        people_count=len(people),
    )
    return ClaimedTask(row.pk, row.account_id, "", compose_task(house, row, people))


def compose_task(house: House, row: StaffConfirmation, people: Sequence[str | None]) -> Outbound:
    """Write the one neutral text for all: nobody's name, no illness, a link with the task's key."""
    words = catalog.words_for("push", house.hospital.default_language)
    account = load_accounts(house.hospital_id)[row.account_id]
    return Outbound(
        client_key=f"task-{row.key}-{row.attempt_count}",
        carrier_kind="staff_task",
        text=words["staff_task"],
        url=link_for(account, "/p/", row.key),
        title=words["link_title"],
        staff_userid=row.staff.wecom_userid,
        external_ids=tuple(one for one in people if one),
    )


def fail_abandoned(house: House) -> None:
    """Close tasks whose worker died while making them: whether WeCom has them nobody can tell."""
    rows = StaffConfirmation.objects.filter(
        hospital_id=house.hospital_id, state=State.CLAIMED, lease_until__lt=house.now
    )
    for row in rows.select_for_update(skip_locked=True, no_key=True):
        close(house, row, State.FAILED, OUTCOME_UNKNOWN)


# ---- settling -----------------------------------------------------------------------------


@transaction.atomic
def settle_confirmation(hospital_id: int, task: ClaimedTask, result: Sent | SendFailed) -> None:
    """Store what the provider said about a task."""
    house = load_house(hospital_id)
    row = (
        StaffConfirmation.objects.filter(hospital_id=hospital_id, pk=task.confirmation_id)
        .select_for_update(no_key=True)
        .first()
    )
    if row is not None and row.state == State.CLAIMED:
        settle_made(house, row, result)
    live.publish(hospital_id, "today")


def settle_made(house: House, row: StaffConfirmation, result: Sent | SendFailed) -> None:
    if isinstance(result, SendFailed):
        settle_not_made(house, row, result)
        return
    waiting = lock_waiting(row)
    # Somebody who was stopped while the task was being made is in it and must not be reached.
    is_whole = len(waiting) == row.people_count
    row.state, row.lease_until = State.WAITING if is_whole else State.TAKING_BACK, None
    row.provider_message_id, row.due_at = result.provider_message_id, house.now
    row.save(update_fields=["state", "lease_until", "provider_message_id", "due_at"])
    bad = set(result.failed_external_ids)
    lost = [one for one in waiting if one.address and one.address.external_id in bad]
    fail_deliveries(house, lost, TASK_FAILED)
    events.record_many(
        [
            events.Entry(
                "staff_task.made",
                row.hospital_id,
                "staff_confirmation",
                row.pk,
                "system",
                data={"staff_id": row.staff_id, "slot": row.slot, "people": row.people_count},
            )
        ]
    )


def settle_not_made(house: House, row: StaffConfirmation, result: SendFailed) -> None:
    waits = house.settings.delivering.retry_seconds
    if result.permanent or row.attempt_count > len(waits):
        close(house, row, State.FAILED, result.reason_code)
        return
    wait = timedelta(seconds=waits[row.attempt_count - 1])
    row.state, row.lease_until = State.PLANNED, None
    row.due_at = max(house.now + wait, result.retry_at or house.now)
    row.save(update_fields=["state", "lease_until", "due_at"])


# ---- closing ------------------------------------------------------------------------------


@transaction.atomic
def close_confirmations(hospital_id: int) -> int:
    """Plan anew what nobody confirmed in its slot, and what waited longer than its own window.

    What WeCom has is stopped there first: confirmed later, it would come to people who have had
    the same by another carrier.
    """
    house = load_house(hospital_id)
    rows = StaffConfirmation.objects.filter(hospital_id=hospital_id, closes_at__lte=house.now)
    stopping = rows.filter(state=State.WAITING).update(
        state=State.STOPPING, reason_code=NOT_CONFIRMED, due_at=house.now
    )
    late = list(rows.filter(state=State.PLANNED).select_for_update(skip_locked=True, no_key=True))
    for row in late:
        close(house, row, State.EXPIRED, NOT_CONFIRMED)
    waiting = Delivery.objects.of(hospital_id).filter(
        state=Delivery.State.WAITING_STAFF,
        confirmation=None,
        intent__window_ends_at__lte=house.now,
    )
    overdue = list(
        waiting.select_related("intent").select_for_update(
            skip_locked=True, no_key=True, of=("self", "intent")
        )
    )
    fail_deliveries(house, overdue, NOT_CONFIRMED)
    return stopping + len(late) + len(overdue)


def close(house: House, row: StaffConfirmation, state: str, reason_code: str) -> None:
    """End a task; those who were not reached go back to the gate for another carrier.

    Where nobody can tell whether the provider has the task, it ends for them too.
    """
    row.state, row.reason_code, row.settled_at = state, reason_code[:40], house.now
    row.lease_until = None
    row.save(update_fields=["state", "reason_code", "settled_at", "lease_until"])
    fail_deliveries(house, lock_waiting(row), reason_code)


def lock_waiting(row: StaffConfirmation) -> list[Delivery]:
    return list(
        Delivery.objects.of(row.hospital_id)
        .filter(confirmation=row, state=Delivery.State.WAITING_STAFF)
        .select_related("intent", "address")
        .select_for_update(no_key=True, of=("self", "intent"))
        .order_by("pk")
    )


def fail_deliveries(house: House, rows: Sequence[Delivery], reason_code: str) -> None:
    ledger = Ledger(house.now, house.settings.delivering)
    for row in rows:
        if reason_code == OUTCOME_UNKNOWN:
            ledger.mark_unknown(row)
        else:
            ledger.mark_failed(row, reason_code)
    write(rows, ledger)
