"""The network half of staff-confirmed tasks: results, reminders, and tasks that others made."""

from __future__ import annotations

from lianxin.channels import actions, facts
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import mass
from lianxin.channels.models import MemberTask
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.scope import scope


def settle_task(task: MemberTask) -> None:
    account = load_facts(task.hospital_id, task.account_id)

    async def work(provider: Provider) -> mass.TaskReport:
        return await mass.read_task(provider, task.provider_message_id)

    report = run_with(account, work)
    with scope(task.hospital_id):
        actions.settle_task(task, account, report)


def remind_members(hospital_id: int, reminder_id: int) -> None:
    """Send one reminder: claim, network, settle."""
    with scope(hospital_id):
        reminder = actions.claim_reminder(reminder_id)
    if reminder is None:
        return
    task = reminder.task

    async def work(provider: Provider) -> SendFailed | None:
        try:
            is_told = await mass.remind_members(provider, task.provider_message_id)
        except ProviderError as error:
            return error.as_failure("", provider.clock())
        return None if is_told else SendFailed("task_cancelled", permanent=True)

    try:
        failure = run_with(load_facts(hospital_id, task.account_id), work)
    except SendFailed as inactive:
        failure = inactive
    with scope(hospital_id):
        actions.settle_reminder(reminder, failure)


def find_outside_tasks(hospital_id: int, account_id: int) -> int:
    """Look for tasks that were not made here; returns how many were new."""
    account = load_facts(hospital_id, account_id)
    until = time.now()
    since = until - facts.days("mass_task_list_days")

    async def work(provider: Provider) -> list[mass.ListedTask]:
        return await mass.list_tasks(provider, since, until)

    listed = run_with(account, work)
    with scope(hospital_id):
        return actions.note_outside_tasks(account, listed)
