"""Moments at WeCom: asked for, made, published by members, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries, reasons
from lianxin.channels.adapters.base import Attachment, SendFailed
from lianxin.channels.adapters.reactions import PROVIDER_ZONE
from lianxin.channels.adapters.wecom.attachments import find_moment_fault
from lianxin.channels.adapters.wecom.moments import MadeMoment, MomentReport
from lianxin.channels.models import Account, Moment, MomentMember
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import RefusedError

State = Moment.State
UNKNOWN = "outcome_unknown"


@dataclass(frozen=True)
class MomentOrder:
    """What is to be published, by whom; approved by whoever asks."""

    unique_key: str
    text: str
    attachments: tuple[Attachment, ...]
    userids: tuple[str, ...]


def check_moment(text: str, attachments: Sequence[Attachment]) -> None:
    """Refuse in words what the provider would refuse."""
    if fault := find_moment_fault(text, attachments):
        raise RefusedError(reasons.sentence_of(fault))


@transaction.atomic
def ask_for_moment(account: Account, order: MomentOrder, *, by: Actor) -> Moment:
    """Let a moment be made; the same key twice is one moment."""
    check_moment(order.text, order.attachments)
    now = time.now()
    here = now.astimezone(PROVIDER_ZONE)
    month = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if queries.count_moments_since(account.pk, month) >= facts.count("moments_per_month"):
        raise RefusedError(reasons.sentence_of("moment_month_full"))
    if not order.userids:
        raise RefusedError(reasons.sentence_of("moment_nobody"))
    moment, is_new = Moment.objects.get_or_create(
        hospital_id=account.hospital_id,
        unique_key=order.unique_key,
        defaults={
            "account": account,
            "text": order.text,
            "attachments": [asdict(one) for one in order.attachments],
            "sender_userids": list(order.userids),
            "next_step_at": now,
            "created_at": now,
        },
    )
    if is_new:
        record("moment.asked", moment, by)
    return moment


@transaction.atomic
def cancel_moment(moment: Moment, *, by: Actor) -> None:
    """Stop who has not published; what was published stays visible."""
    now = time.now()
    rows = Moment.objects.filter(pk=moment.pk)
    stopped = rows.filter(state=State.OPEN).update(state=State.STOPPING, next_step_at=now)
    if not stopped:
        stopped = rows.filter(state=State.WAITING).update(state=State.CANCELLED, settled_at=now)
    if not stopped:
        raise RefusedError(_("这条朋友圈正在创建或已经结束，请刷新后再看。"))
    record("moment.cancelled", moment, by)


@transaction.atomic
def claim_moment(moment: Moment) -> Moment | None:
    """Take the moment's next step for this worker; None means another one has it.

    A making whose worker died is not repeated: the provider may have the job.
    """
    now = time.now()
    rows = Moment.objects.filter(pk=moment.pk, next_step_at__lte=now)
    rows = rows.filter(Q(lease_until=None) | Q(lease_until__lt=now))
    taken = rows.filter(state__in=Moment.UNFINISHED).update(
        lease_until=now + facts.seconds("moment_lease_seconds")
    )
    if not taken:
        return None
    claimed = Moment.objects.select_related("account").get(pk=moment.pk)
    if claimed.state == State.CLAIMED:
        settle_moment_failed(claimed, SendFailed(UNKNOWN, permanent=True))
        return None
    if claimed.state == State.WAITING:
        Moment.objects.filter(pk=moment.pk).update(state=State.CLAIMED)
        claimed.state = State.CLAIMED
    return claimed


def settle_step(moment: Moment, **values: object) -> bool:
    """Write the outcome of a step, unless somebody else has moved the moment meanwhile."""
    rows = Moment.objects.filter(pk=moment.pk, state=moment.state)
    return bool(rows.update(lease_until=None, **values))


@transaction.atomic
def settle_job(moment: Moment, job_id: str) -> None:
    now = time.now()
    soon = now + facts.seconds("moment_job_seconds")
    settle_step(moment, state=State.MAKING, job_id=job_id, made_at=now, next_step_at=soon)


@transaction.atomic
def settle_moment_made(moment: Moment, made: MadeMoment | None) -> None:
    """Store what the job made; None: it goes on, for at most the life of its id."""
    now = time.now()
    if made is None:
        if now - (moment.made_at or now) > facts.hours("moment_job_hours"):
            settle_moment_failed(moment, SendFailed(UNKNOWN, permanent=True))
            return
        settle_step(moment, next_step_at=now + facts.seconds("moment_job_seconds"))
        return
    is_settled = settle_step(
        moment,
        state=State.OPEN,
        provider_moment_id=made.moment_id,
        invalid_userids=list(made.invalid_userids),
        next_step_at=now,
    )
    if is_settled:
        record("moment.made", moment, SystemActor(moment.hospital_id))


@transaction.atomic
def settle_progress(moment: Moment, report: MomentReport) -> None:
    """Store who has published; the end is told once."""
    now = time.now()
    note_members(moment, report, now)
    is_done = bool(report.published) and all(report.published.values())
    is_over = now - moment.created_at > facts.days("moment_days")
    state = State.DONE if is_done else State.OVER if is_over else State.OPEN
    is_settled = settle_step(
        moment,
        state=state,
        like_count=report.like_count,
        comment_count=report.comment_count,
        viewer_count=report.viewer_count,
        next_step_at=now + facts.seconds("moment_poll_seconds"),
        settled_at=None if state == State.OPEN else now,
    )
    if is_settled and state != State.OPEN:
        record("moment.settled", moment, SystemActor(moment.hospital_id), status=state.value)


@transaction.atomic
def settle_cancelled(moment: Moment, report: MomentReport) -> None:
    now = time.now()
    note_members(moment, report, now)
    settle_step(
        moment,
        state=State.CANCELLED,
        viewer_count=report.viewer_count,
        like_count=report.like_count,
        comment_count=report.comment_count,
        settled_at=now,
    )


def note_members(moment: Moment, report: MomentReport, now: datetime) -> None:
    rows = [
        MomentMember(hospital_id=moment.hospital_id, moment=moment, staff_userid=userid)
        for userid in report.published
    ]
    MomentMember.objects.bulk_create(rows, ignore_conflicts=True)
    published = [userid for userid, is_published in report.published.items() if is_published]
    MomentMember.objects.filter(
        moment=moment, staff_userid__any_of=published, published_at=None
    ).update(published_at=now)


@transaction.atomic
def settle_moment_failed(moment: Moment, failure: SendFailed) -> None:
    """Try again later where that can help; otherwise the reason stays for staff to read."""
    now = time.now()
    later = max(now + facts.seconds("moment_retry_seconds"), failure.retry_at or now)
    if not failure.permanent or moment.state == State.OPEN:
        state = State.WAITING if moment.state == State.CLAIMED else moment.state
        settle_step(moment, state=state, next_step_at=later)
        return
    if moment.state == State.STOPPING:
        # What cannot be cancelled there goes on, and staff see why.
        settle_step(
            moment, state=State.OPEN, reason_code=failure.reason_code[:40], next_step_at=later
        )
        return
    reason = failure.reason_code[:40]
    if settle_step(moment, state=State.FAILED, reason_code=reason, settled_at=now):
        record("moment.failed", moment, SystemActor(moment.hospital_id), reason=reason)


def record(name: str, moment: Moment, by: Actor, **data: str) -> None:
    events.record(
        name,
        hospital_id=moment.hospital_id,
        subject="moment",
        subject_id=moment.pk,
        by=by,
        data={"key": moment.unique_key, **data},
    )
