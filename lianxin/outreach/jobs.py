"""Background work: claim, talk to the provider, settle. Every job may run twice or die anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lianxin.channels import sending
from lianxin.core.actor import SystemActor
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope
from lianxin.outreach import actions
from lianxin.outreach.actions import Claimed, ClaimedTask, Draft, Receipt, Settled
from lianxin.outreach.catalog import default_settings

# One tick drains what is due in batches, then leaves the rest to the next tick.
BATCHES_PER_TICK = 40
# Welcomes have 20 seconds; a burst is split so that several workers share it.
WELCOMES_PER_JOB = 4


# ---- deliveries ---------------------------------------------------------------------------


@periodic(seconds=5, queue="sends")
def deliver(hospital_id: int) -> None:
    """Send what is due. Claims are exclusive, so other workers may do the same at once."""
    for _ in range(BATCHES_PER_TICK):
        if not deliver_batch(hospital_id):
            return


def deliver_batch(hospital_id: int, intent_ids: Sequence[int] | None = None) -> int:
    with scope(hospital_id):
        claimed = actions.claim_deliveries(hospital_id, intent_ids=intent_ids)
    for account_id, group in by_account(claimed).items():
        send_group(hospital_id, account_id, group)
    return len(claimed)


def send_group(hospital_id: int, account_id: int, group: Sequence[Claimed]) -> None:
    """Send in chunks that end within their lease; before each the lease is renewed.

    What was lost meanwhile (this worker was too slow, another took it back) is left out.
    """
    size = default_settings().delivering.chunk
    for start in range(0, len(group), size):
        chunk = group[start : start + size]
        with scope(hospital_id):
            held = actions.renew_leases(hospital_id, [one.delivery_id for one in chunk])
        chunk = [one for one in chunk if one.delivery_id in held]
        if not chunk:
            continue
        results = sending.send(hospital_id, account_id, [one.outbound for one in chunk])
        settled = [
            Settled(one.delivery_id, result) for one, result in zip(chunk, results, strict=True)
        ]
        with scope(hospital_id):
            actions.settle_deliveries(hospital_id, settled)


def by_account(claimed: Iterable[Claimed]) -> dict[int, list[Claimed]]:
    groups: dict[int, list[Claimed]] = {}
    for one in claimed:
        groups.setdefault(one.account_id, []).append(one)
    return groups


@job(queue="urgent")
def deliver_now(hospital_id: int, intent_ids: list[int]) -> None:
    """Send these without waiting for the next tick: somebody is looking at the screen."""
    deliver_batch(hospital_id, intent_ids)


@periodic(seconds=15, queue="sends")
def recover(hospital_id: int) -> None:
    """Take back what dead workers held, and close cards whose time is over."""
    with scope(hospital_id):
        actions.recover_deliveries(hospital_id)
        actions.expire_cards(hospital_id)


# ---- staff confirmations ------------------------------------------------------------------


@periodic(seconds=15, queue="sends")
def confirm_by_staff(hospital_id: int) -> None:
    """Plan merged tasks in their slots, make them at WeCom, plan anew what nobody confirmed."""
    with scope(hospital_id):
        actions.close_confirmations(hospital_id)
        actions.plan_confirmations(hospital_id)
    with scope(hospital_id):
        tasks = actions.claim_confirmations(hospital_id)
    for task in tasks:
        result = run_task(hospital_id, task)
        settle = actions.settle_taken_back if task.is_taken_back else actions.settle_confirmation
        with scope(hospital_id):
            settle(hospital_id, task, result)


def run_task(hospital_id: int, task: ClaimedTask) -> sending.Result:
    if task.outbound is None:
        return sending.take_back_task(hospital_id, task.account_id, task.message_id)
    (result,) = sending.send(hospital_id, task.account_id, [task.outbound])
    return result


# ---- the welcome --------------------------------------------------------------------------


@job(queue="urgent")
def send_welcome(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Welcome those who just added a member of staff, in that person's name."""
    first, rest = events[:WELCOMES_PER_JOB], events[WELCOMES_PER_JOB:]
    if rest:
        batches: list[dict[str, Any]] = [
            {"hospital_id": hospital_id, "events": rest[at : at + WELCOMES_PER_JOB]}
            for at in range(0, len(rest), WELCOMES_PER_JOB)
        ]
        send_welcome.batch_defer(*batches)
    for event in first:
        arrival_id = event["data"].get("welcome_arrival_id")
        if arrival_id is not None:
            welcome(hospital_id, arrival_id)


def welcome(hospital_id: int, arrival_id: int) -> None:
    with scope(hospital_id):
        plan = actions.claim_welcome(hospital_id, arrival_id)
    if plan is None:
        return
    result = sending.send_welcome(
        hospital_id,
        plan.claim,
        text=plan.text,
        url=plan.url,
        title=plan.title,
        attachments=plan.attachments,
    )
    with scope(hospital_id):
        actions.settle_welcome(hospital_id, plan, result)


def send_coded(hospital_id: int, arrival_id: int, draft: Draft) -> None:
    """Say the one thing that a code allows. The gate may say no."""
    with scope(hospital_id):
        plan = actions.claim_coded(hospital_id, arrival_id, draft)
    if plan is None:
        return
    result = sending.send_by_code(hospital_id, plan.claim, plan.outbound)
    with scope(hospital_id):
        actions.settle_coded(hospital_id, plan, result)


# ---- what others tell ---------------------------------------------------------------------


@job(queue="sends")
def note_receipts(hospital_id: int, events: list[dict[str, Any]]) -> None:
    receipts = [
        Receipt(
            provider_message_id=event["data"].get("provider_message_id", ""),
            status=event["data"].get("status", ""),
            reason=event["data"].get("reason", ""),
            address_id=event["data"].get("address_id"),
            template_id=event["data"].get("template_id", ""),
        )
        for event in events
    ]
    with scope(hospital_id):
        actions.note_receipts(hospital_id, receipts)


@job(queue="sends")
def note_openings(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Mark the messages whose link was opened. Hears `content.opened`."""
    with scope(hospital_id):
        for event in events:
            actions.note_opening(hospital_id, event["by_id"], event["data"].get("delivery_key", ""))


@job(queue="sends")
def settle_tasks(hospital_id: int, events: list[dict[str, Any]]) -> None:
    with scope(hospital_id):
        for event in events:
            data = event["data"]
            actions.settle_task(hospital_id, data["provider_message_id"], data["status"])


@job(queue="urgent")
def stop_patients(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Stop everything that has not left, after a life event or an erasure."""
    with scope(hospital_id):
        for event in events:
            if event["patient_id"] is not None:
                actions.cancel_for_patient(
                    hospital_id,
                    event["patient_id"],
                    by=SystemActor(hospital_id),
                    purpose=withdrawn_purpose(event),
                )


def withdrawn_purpose(event: dict[str, Any]) -> str:
    """Return the purpose that a withdrawn consent was for: only that is stopped."""
    if event.get("name") != "consent.withdrawn":
        return ""
    return str(event["data"]["purpose"])
