"""Staff-confirmed tasks at WeCom: remembered when made, asked about, reminded of, ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries, rules
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.actions.doubts import doubt_relations
from lianxin.channels.adapters.base import AccountFacts, Inbound, SendFailed
from lianxin.channels.adapters.wecom.mass import ListedTask, TaskReport, TaskResult
from lianxin.channels.models import MemberTask, Relation, TaskReminder, TaskShare
from lianxin.channels.rules.tasks import NOT_A_CONTACT, SENT
from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Staff

State = MemberTask.State


def note_task(
    hospital_id: int,
    account_id: int,
    message_id: str,
    *,
    staff_userid: str,
    people_count: int,
    audience: str = MemberTask.Audience.SINGLE,
) -> None:
    """Remember a task, so that it is asked about until everyone in it is settled."""
    now = time.now()
    MemberTask.objects.get_or_create(
        account_id=account_id,
        provider_message_id=message_id,
        defaults={
            "hospital_id": hospital_id,
            "staff_userid": staff_userid,
            "audience": audience,
            "people_count": people_count,
            "created_at": now,
            "next_poll_at": now + facts.seconds("mass_task_poll_seconds"),
        },
    )


def note_outside_tasks(account: AccountFacts, listed: Sequence[ListedTask]) -> int:
    """Remember tasks that were not made here; their customers' quota is used by them too."""
    now = time.now()
    rows = [
        MemberTask(
            hospital_id=account.hospital_id,
            account_id=account.id,
            provider_message_id=task.message_id,
            staff_userid=task.creator,
            is_ours=False,
            people_count=0,
            created_at=min(task.created_at, now),
            next_poll_at=now,
        )
        for task in listed
    ]
    known = MemberTask.objects.filter(
        account_id=account.id,
        provider_message_id__any_of=[row.provider_message_id for row in rows],
    )
    seen = set(known.values_list("provider_message_id", flat=True))
    new = [row for row in rows if row.provider_message_id not in seen]
    MemberTask.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


# ---- results ------------------------------------------------------------------------------


@transaction.atomic
def settle_task(
    task: MemberTask, account: AccountFacts, report: TaskReport, *, is_cancelled: bool = False
) -> None:
    """Store what is settled, once, with one receipt per person; ask again for the rest."""
    now = time.now()
    locked = MemberTask.objects.select_for_update(no_key=True).get(pk=task.pk)
    receipts = store_shares(locked, report.results)
    if locked.is_ours and locked.audience == MemberTask.Audience.SINGLE:
        take_in(account, receipts)
    locked.settled_count = len({recipient_of(one) for one in report.results if is_settled(one)})
    locked.confirmed_at = locked.confirmed_at or find_confirmed_at(locked, report, now)
    wait = "mass_task_poll_seconds" if locked.is_ours else "mass_task_outside_poll_seconds"
    locked.next_poll_at = now + facts.seconds(wait)
    ended = locked.state == State.OPEN and end_of(locked, now, is_cancelled=is_cancelled)
    locked.state = ended or locked.state
    locked.save(update_fields=["state", "settled_count", "confirmed_at", "next_poll_at"])
    if ended and locked.is_ours:
        events.record(
            "staff_task.settled",
            hospital_id=locked.hospital_id,
            subject="member_task",
            subject_id=locked.pk,
            by=SystemActor(locked.hospital_id),
            data={"provider_message_id": locked.provider_message_id, "status": str(ended)},
        )


def end_of(task: MemberTask, now: datetime, *, is_cancelled: bool) -> str:
    """Return how the task has ended; empty while it goes on."""
    if task.is_ours and task.settled_count >= task.people_count:
        return State.SETTLED
    if is_cancelled:
        return State.CANCELLED
    return State.EXPIRED if now - task.created_at > facts.days("mass_task_days") else ""


def is_settled(result: TaskResult) -> bool:
    return bool(rules.outcome_of(result.status) and recipient_of(result))


def recipient_of(result: TaskResult) -> str:
    return result.external_id or result.chat_id


def find_confirmed_at(task: MemberTask, report: TaskReport, now: datetime) -> datetime | None:
    """Return when the member confirmed; now, if the provider says only that it is done."""
    for member in report.members:
        if member.has_confirmed and task.staff_userid in {"", member.staff_userid}:
            return member.confirmed_at or now
    return None


def store_shares(task: MemberTask, results: Sequence[TaskResult]) -> list[Inbound]:
    """Store the shares that are news, and return their receipts."""
    settled = [result for result in results if is_settled(result)]
    addresses = queries.ids_by_external(task.account_id, [one.external_id for one in settled])
    known = set(TaskShare.objects.filter(task=task).values_list("address_id", "chat_id"))
    shares: dict[tuple[int | None, str], TaskShare] = {}
    receipts = []
    news: list[tuple[int, TaskResult]] = []
    for result in settled:
        address_id = addresses.get(result.external_id)
        place = (address_id, "" if result.external_id else result.chat_id)
        if place in known or place in shares:
            continue
        if place != (None, ""):
            shares[place] = make_share(task, result, place)
        if address_id is not None:
            news.append((address_id, result))
        if result.external_id:
            receipts.append(as_receipt(task, result))
    TaskShare.objects.bulk_create(shares.values(), ignore_conflicts=True)
    doubt_unreached(news)
    return receipts


def doubt_unreached(news: Iterable[tuple[int, TaskResult]]) -> None:
    """Have those looked at who are no friends any more: they left without our hearing."""
    unreached: dict[tuple[str, datetime], list[int]] = {}
    for address_id, result in news:
        if rules.outcome_of(result.status) == NOT_A_CONTACT:
            unreached.setdefault((result.staff_userid, said_at(result)), []).append(address_id)
    for (staff_userid, at), address_ids in unreached.items():
        doubt_relations(address_ids, staff_userid, Relation.Doubt.NO_FRIEND, at=at)


def make_share(task: MemberTask, result: TaskResult, place: tuple[int | None, str]) -> TaskShare:
    address_id, chat_id = place
    return TaskShare(
        hospital_id=task.hospital_id,
        task=task,
        address_id=address_id,
        chat_id=chat_id,
        outcome=rules.outcome_of(result.status),
        sent_at=said_at(result),
    )


def said_at(result: TaskResult) -> datetime:
    return result.sent_at if result.sent_at.timestamp() > 0 else time.now()


def as_receipt(task: MemberTask, result: TaskResult) -> Inbound:
    outcome = rules.outcome_of(result.status)
    is_sent = outcome == SENT
    return Inbound(
        event="receipt.arrived",
        arrival_key=f"task:{task.provider_message_id}:{result.external_id}",
        occurred_at=said_at(result),
        kind="receipt",
        external_id=result.external_id,
        staff_userid=result.staff_userid,
        provider_message_id=task.provider_message_id,
        status="delivered" if is_sent else "failed",
        reason="" if is_sent else outcome,
    )


# ---- reminders ----------------------------------------------------------------------------


@transaction.atomic
def ask_for_reminder(task: MemberTask, *, by: Staff) -> TaskReminder:
    """Let the members who have not confirmed be reminded; the provider allows few a day."""
    if not by.may("send.confirm"):
        raise ForbiddenError
    locked = MemberTask.objects.select_for_update(no_key=True).get(pk=task.pk)
    if locked.state != State.OPEN:
        raise RefusedError(_("这个任务已经结束，不用再提醒。"))
    if locked.confirmed_at is not None:
        raise RefusedError(_("同事已经确认，不用再提醒。"))
    if not queries.count_reminders_left(locked):
        raise RefusedError(_("这个任务 24 小时内的提醒次数已用完，请打电话给同事。"))
    try:
        with transaction.atomic():
            reminder = TaskReminder.objects.create(
                hospital_id=locked.hospital_id, task=locked, asked_by=by, asked_at=time.now()
            )
    except IntegrityError as error:
        raise RefusedError(_("提醒正在送出，不用再按一次。")) from error
    events.record(
        "staff_task.reminder_asked",
        hospital_id=locked.hospital_id,
        subject="member_task",
        subject_id=locked.pk,
        by=by,
        data={"provider_message_id": locked.provider_message_id},
    )
    return reminder


@transaction.atomic
def claim_reminder(reminder_id: int) -> TaskReminder | None:
    """Take a reminder for this worker; None means another worker was faster."""
    now = time.now()
    rows = TaskReminder.objects.filter(pk=reminder_id)
    claimed = rows.filter(state=TaskReminder.State.WAITING).update(
        state=TaskReminder.State.CLAIMED, claimed_at=now
    )
    return rows.select_related("task").get() if claimed else None


@transaction.atomic
def settle_reminder(reminder: TaskReminder, failure: SendFailed | None) -> None:
    """Store what the provider said. A busy provider is asked again, silence never."""
    now, state = time.now(), TaskReminder.State
    rows = TaskReminder.objects.filter(pk=reminder.pk, state=state.CLAIMED)
    patience = facts.seconds("mass_task_reminder_patience_seconds")
    if failure is not None and not failure.permanent and now - reminder.asked_at < patience:
        rows.update(state=state.WAITING, claimed_at=None)
        return
    reason = failure.reason_code[:40] if failure else ""
    is_refused = reason not in {"", "outcome_unknown"}
    settled = rows.update(
        state=state.REFUSED if is_refused else state.SENT, reason_code=reason, settled_at=now
    )
    if settled:
        record_reminder(reminder, reason)


def record_reminder(reminder: TaskReminder, reason: str) -> None:
    events.record(
        "staff_task.reminded",
        hospital_id=reminder.hospital_id,
        subject="member_task",
        subject_id=reminder.task_id,
        by=SystemActor(reminder.hospital_id),
        data={"reminder_id": reminder.pk, "reason": reason},
    )


@transaction.atomic
def settle_abandoned_reminders(hospital_id: int) -> int:
    """Close what a dead worker held: whether the members were told nobody knows, so it counts."""
    before = time.now() - facts.seconds("mass_task_reminder_lease_seconds")
    rows = TaskReminder.objects.filter(
        hospital_id=hospital_id, state=TaskReminder.State.CLAIMED, claimed_at__lt=before
    )
    abandoned = list(rows.select_for_update(skip_locked=True, no_key=True))
    for reminder in abandoned:
        settle_reminder(reminder, SendFailed("outcome_unknown", permanent=True))
    return len(abandoned)
