"""Follow what members have to confirm: mass tasks, reminders, moments."""

from __future__ import annotations

import structlog

from lianxin.channels import actions, queries, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@periodic(seconds=30, queue="bulk")
def settle_tasks(hospital_id: int) -> None:
    """Ask what became of the staff-confirmed tasks."""
    with scope(hospital_id):
        tasks = queries.list_due_tasks(hospital_id, time.now())
    for task in tasks:
        try:
            synchronising.settle_task(task)
        except (ProviderError, SendFailed) as error:
            log.warning("task.not_settled", task_id=task.pk, reason=str(error))


@periodic(seconds=5)
def remind_members(hospital_id: int) -> None:
    """Send the reminders that somebody asked for."""
    with scope(hospital_id):
        actions.settle_abandoned_reminders(hospital_id)
        due = queries.list_due_reminders(hospital_id)
    for reminder_id in due:
        synchronising.remind_members(hospital_id, reminder_id)


@periodic(seconds=3600, queue="bulk")
def find_outside_tasks(hospital_id: int) -> None:
    """Look for mass tasks that members or other tools made: they use the customers' quota too."""
    with scope(hospital_id):
        accounts = queries.list_accounts_with_tasks(hospital_id)
    for account in accounts:
        try:
            synchronising.find_outside_tasks(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("tasks.not_listed", account=account.key, reason=str(error))


@periodic(seconds=5)
def keep_moments(hospital_id: int) -> None:
    """Make the moments that were asked for, and look who has published."""
    with scope(hospital_id):
        due = queries.list_due_moments(hospital_id, time.now())
    for moment in due:
        synchronising.keep_moment(moment)
