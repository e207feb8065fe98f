"""Staff confirmations as staff read them: who has confirmed, who not, and what became of whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from lianxin.channels import queries as channels
from lianxin.channels.models import MemberTask, TaskReminder
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.outreach.models import Delivery, StaffConfirmation
from lianxin.outreach.queries.lists import confirmation_word, list_confirmations
from lianxin.outreach.queries.reach import Said, describe_reason

State = StaffConfirmation.State
ARRIVED, WAITING, MISSED, CANCELLED = "arrived", "waiting", "missed", "cancelled"
# What staff look for, and the deliveries it means.
RESULTS = {
    ARRIVED: Delivery.ARRIVED,
    WAITING: (Delivery.State.WAITING_STAFF,),
    MISSED: (Delivery.State.FAILED,),
    CANCELLED: (Delivery.State.CANCELLED,),
}


@dataclass(frozen=True)
class ConfirmationLine:
    """One task in words, with its counts."""

    row: StaffConfirmation
    word: str
    confirmed_at: datetime | None
    reminders_left: int
    reason: Said | None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def may_be_reminded(self) -> bool:
        return self.row.state == State.WAITING and self.confirmed_at is None

    @property
    def may_be_cancelled(self) -> bool:
        return self.row.state in {State.PLANNED, State.WAITING}


def access_confirmation(actor: Actor, key: str) -> StaffConfirmation:
    row = list_confirmations(actor).filter(key=key).first()
    if row is None:
        raise NotFoundError
    return row


def describe_confirmations(
    hospital_id: int, rows: Sequence[StaffConfirmation]
) -> list[ConfirmationLine]:
    """Put tasks into words: three more queries, however many."""
    tasks = find_tasks(hospital_id, rows)
    left = channels.reminders_left_of(list(tasks.values()))
    counts = count_results(hospital_id, rows)
    lines = []
    for row in rows:
        task = tasks.get(row.provider_message_id)
        lines.append(
            ConfirmationLine(
                row=row,
                word=confirmation_word(row),
                confirmed_at=task.confirmed_at if task else None,
                reminders_left=left[task.pk] if task else 0,
                reason=describe_reason(row.reason_code, {}) if row.reason_code else None,
                counts=counts.get(row.pk, Counter()),
            )
        )
    return lines


def find_tasks(hospital_id: int, rows: Sequence[StaffConfirmation]) -> dict[str, MemberTask]:
    made = [row.provider_message_id for row in rows if row.provider_message_id]
    return channels.tasks_by_message(hospital_id, made)


def count_results(hospital_id: int, rows: Sequence[StaffConfirmation]) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {}
    counted = (
        Delivery.objects.of(hospital_id)
        .filter(confirmation_id__any_of=[row.pk for row in rows])
        .values_list("confirmation_id", "state")
        .annotate(count=Count("pk"))
    )
    for pk, state, count in counted:
        result = next((name for name, states in RESULTS.items() if state in states), WAITING)
        found.setdefault(pk or 0, Counter())[result] += count
    return found


def list_recipients(actor: Actor, row: StaffConfirmation, result: str = "") -> QuerySet[Delivery]:
    """Return the deliveries of a task, in a stable order."""
    if not actor.may("send.read"):
        raise ForbiddenError
    wanted = Q(state__in=RESULTS[result]) if result in RESULTS else Q()
    rows = Delivery.objects.of(actor.hospital_id).filter(wanted, confirmation=row)
    return rows.select_related("intent", "account", "staff").order_by("pk")


def list_reminders(row: StaffConfirmation) -> list[TaskReminder]:
    task = channels.find_task(row.account_id, row.provider_message_id)
    return channels.list_reminders(task) if task else []
