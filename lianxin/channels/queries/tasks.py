"""Staff-confirmed tasks: what is due, what became of whom, how many reminders are left."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Count

from lianxin.channels import facts, rules
from lianxin.channels.models import Account, Address, MemberTask, TaskReminder, TaskShare
from lianxin.core import time


def list_due_tasks(hospital_id: int, now: datetime) -> list[MemberTask]:
    rows = MemberTask.objects.filter(
        hospital_id=hospital_id, state=MemberTask.State.OPEN, next_poll_at__lte=now
    )
    return list(rows.order_by("next_poll_at")[:100])


def find_task(account_id: int, message_id: str) -> MemberTask | None:
    rows = MemberTask.objects.filter(account_id=account_id, provider_message_id=message_id)
    return rows.first() if message_id else None


def tasks_by_message(hospital_id: int, message_ids: Iterable[str]) -> dict[str, MemberTask]:
    rows = MemberTask.objects.filter(
        hospital_id=hospital_id, provider_message_id__any_of=list(message_ids)
    )
    return {row.provider_message_id: row for row in rows}


def list_shares(task: MemberTask) -> list[TaskShare]:
    """Return what is settled in a task: one row per person, or per customer group."""
    return list(TaskShare.objects.filter(task=task).order_by("pk"))


def ids_by_external(account_id: int, external_ids: Iterable[str]) -> dict[str, int]:
    rows = Address.objects.filter(account_id=account_id, external_id__any_of=list(external_ids))
    return dict(rows.values_list("external_id", "pk"))


def list_due_reminders(hospital_id: int) -> list[int]:
    rows = TaskReminder.objects.filter(hospital_id=hospital_id, state=TaskReminder.State.WAITING)
    return list(rows.order_by("asked_at").values_list("pk", flat=True)[:50])


def list_reminders(task: MemberTask) -> list[TaskReminder]:
    """Return the reminders of a task, the newest first."""
    return list(task.reminders.select_related("asked_by").order_by("-asked_at", "-pk"))


def count_reminders_left(task: MemberTask) -> int:
    return reminders_left_of([task])[task.pk]


def reminders_left_of(tasks: Collection[MemberTask]) -> dict[int, int]:
    """Return by task how many reminders are left in the running period: one query for all."""
    now, period = time.now(), facts.hours("mass_task_reminder_hours")
    rows = TaskReminder.objects.filter(
        task_id__any_of=[task.pk for task in tasks], asked_at__gt=now - period
    )
    past: dict[int, list[rules.PastReminder]] = {task.pk: [] for task in tasks}
    for task_id, asked_at, reason in rows.values_list("task_id", "asked_at", "reason_code"):
        past[task_id].append(rules.PastReminder(asked_at, reason))
    most = facts.count("mass_task_reminders")
    return {
        pk: rules.count_reminders_left(found, now, most=most, period=period)
        for pk, found in past.items()
    }


def list_outside_sends(
    account_ids: Collection[int], address_ids: Collection[int], since: datetime
) -> list[tuple[int, int, int]]:
    """Return (address, account, count) of what arrived from tasks that were not made here."""
    rows = TaskShare.objects.filter(
        task__account_id__any_of=list(account_ids),
        task__is_ours=False,
        address_id__any_of=list(address_ids),
        outcome=TaskShare.Outcome.SENT,
        sent_at__gte=since,
    ).exclude(address=None)
    counted = rows.values_list("address_id", "task__account_id").annotate(count=Count("pk"))
    return [(address_id, account_id, count) for address_id, account_id, count in counted]


def list_accounts_with_tasks(hospital_id: int) -> list[Account]:
    """Return the accounts at which members may make tasks by themselves."""
    rows = Account.objects.filter(hospital_id=hospital_id, kind=Account.Kind.WECOM)
    return list(rows.active())
