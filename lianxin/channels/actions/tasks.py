"""Staff-confirmed tasks at WeCom: remembered when made, settled when the member confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from lianxin.channels import facts, rules
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.wecom.calls import TaskResult
from lianxin.channels.models import MemberTask
from lianxin.core import events, time
from lianxin.core.actor import SystemActor


def note_task(
    hospital_id: int, account_id: int, message_id: str, *, staff_userid: str, people_count: int
) -> None:
    """Remember a task, so that it is asked about until everyone in it is settled."""
    now = time.now()
    MemberTask.objects.get_or_create(
        account_id=account_id,
        provider_message_id=message_id,
        defaults={
            "hospital_id": hospital_id,
            "staff_userid": staff_userid,
            "people_count": people_count,
            "created_at": now,
            "next_poll_at": now + facts.seconds("mass_task_poll_seconds"),
        },
    )


@transaction.atomic
def settle_task(task: MemberTask, account: AccountFacts, results: Sequence[TaskResult]) -> None:
    """Turn what is settled into receipts, one per person, and ask again for the rest."""
    receipts = [receipt for result in results if (receipt := as_receipt(task, result))]
    take_in(account, receipts)
    now = time.now()
    settled = len({receipt.external_id for receipt in receipts})
    state = MemberTask.State.OPEN
    if settled >= task.people_count:
        state = MemberTask.State.SETTLED
    elif now - task.created_at > facts.days("mass_task_days"):
        state = MemberTask.State.EXPIRED
    changed = MemberTask.objects.filter(pk=task.pk, state=MemberTask.State.OPEN).update(
        state=state,
        settled_count=settled,
        next_poll_at=now + facts.seconds("mass_task_poll_seconds"),
    )
    if changed and state != MemberTask.State.OPEN:
        events.record(
            "staff_task.settled",
            hospital_id=task.hospital_id,
            subject="member_task",
            subject_id=task.pk,
            by=SystemActor(task.hospital_id),
            data={"provider_message_id": task.provider_message_id, "status": state.value},
        )


def as_receipt(task: MemberTask, result: TaskResult) -> Inbound | None:
    outcome = rules.task_outcome(result.status)
    if outcome is None or not result.external_id:
        return None
    status, reason = outcome
    return Inbound(
        event="receipt.arrived",
        arrival_key=f"task:{task.provider_message_id}:{result.external_id}",
        occurred_at=result.sent_at if result.sent_at.year > 1970 else time.now(),
        kind="receipt",
        external_id=result.external_id,
        staff_userid=result.staff_userid,
        provider_message_id=task.provider_message_id,
        status=status,
        reason=reason,
    )
