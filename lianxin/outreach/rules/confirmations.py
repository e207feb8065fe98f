"""Staff confirmations: many waiting messages become one WeCom mass task per staff and slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lianxin.outreach.rules.facts import Moment
from lianxin.outreach.rules.settings import Slot, StaffBudget

# The provider takes at most this many customers in one task (add_msg_template, doc 92135).
CUSTOMERS_PER_TASK = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that waits for a staff member's confirmation."""

    delivery_id: int
    staff_id: int
    account_id: int
    address_id: int
    patient_id: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """One task to create: this staff member confirms once for all these deliveries."""

    staff_id: int
    account_id: int
    slot: str
    delivery_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """What was used today already: tasks and slots per staff member, patients with a task."""

    tasks_by_staff: Mapping[int, int]
    slots_by_staff: Mapping[int, frozenset[str]]
    addresses_with_task: frozenset[int]


def plan_tasks(
    waiting: Sequence[Waiting], used: Budget, staff: StaffBudget, moment: Moment
) -> list[Plan]:
    """Group what waits into tasks that may be created now; the rest waits for its slot."""
    slot = find_slot(staff.slots, moment)
    if slot is None:
        return []
    groups: dict[tuple[int, int], list[Waiting]] = {}
    for one in waiting:
        groups.setdefault((one.staff_id, one.account_id), []).append(one)
    plans: list[Plan] = []
    taken: set[int] = set()
    for (staff_id, account_id), group in sorted(groups.items()):
        if staff_id in taken or not may_have_task(staff_id, slot, used, staff):
            continue
        ids = choose_deliveries(group, used, staff, moment)
        if ids:
            plans.append(Plan(staff_id, account_id, slot.name, ids))
            taken.add(staff_id)
    return plans


def may_have_task(staff_id: int, slot: Slot, used: Budget, staff: StaffBudget) -> bool:
    is_slot_free = slot.name not in used.slots_by_staff.get(staff_id, frozenset())
    return is_slot_free and used.tasks_by_staff.get(staff_id, 0) < staff.tasks_per_staff_per_day


def choose_deliveries(
    group: Sequence[Waiting], used: Budget, staff: StaffBudget, moment: Moment
) -> tuple[int, ...]:
    """Return one delivery per contact once the group has waited long enough to be complete."""
    by_address = {
        one.address_id: one
        for one in sorted(group, key=lambda one: one.delivery_id, reverse=True)
        if one.address_id not in used.addresses_with_task
    }
    chosen = sorted(by_address.values(), key=lambda one: one.delivery_id)[:CUSTOMERS_PER_TASK]
    if not chosen:
        return ()
    oldest = min(one.since for one in chosen)
    if moment.at - oldest < timedelta(seconds=staff.collect_seconds):
        return ()
    return tuple(one.delivery_id for one in chosen)


def find_slot(slots: Sequence[Slot], moment: Moment) -> Slot | None:
    clock = moment.local.time()
    return next((slot for slot in slots if slot.opens <= clock < slot.closes), None)


def slot_closes_at(slots: Sequence[Slot], name: str, moment: Moment) -> datetime:
    """Return the end of today's slot: a task not confirmed by then is planned anew."""
    slot = next(slot for slot in slots if slot.name == name)
    return datetime.combine(moment.local.date(), slot.closes, tzinfo=moment.zone)
