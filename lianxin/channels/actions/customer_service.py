"""Customer service: moving sessions on request, and who serves an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from lianxin.channels import facts, queries, reasons
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.adapters.reactions import load_transitions
from lianxin.channels.adapters.wecom_kf.service import ListedServicer
from lianxin.channels.models import Account, Address, Servicer, SessionRequest
from lianxin.channels.rules.customer_service import CHANGE_NAMES, SERVED, list_targets
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Staff

# The job lies above the actions, so it is called by its name.
CHANGE_SESSION = "channels.jobs.change_session"
ADD = "add"


@dataclass(frozen=True)
class SessionClaim:
    """The right to move one session once."""

    request: SessionRequest
    account_id: int
    external_id: str


@transaction.atomic
def request_session(
    address: Address, target: int, *, servicer: Servicer | None, by: Staff
) -> SessionRequest:
    """Ask for a session to be queued, given to a servicer or ended. One at a time per person."""
    if not by.may("message.send"):
        raise ForbiddenError
    check_target(address, target, servicer)
    try:
        with transaction.atomic():
            request = SessionRequest.objects.create(
                hospital_id=address.hospital_id,
                address=address,
                target=target,
                servicer_userid=servicer.userid if servicer and target == SERVED else "",
                requested_by=by,
                created_at=time.now(),
            )
    except IntegrityError:
        raise RefusedError(_("这段会话正在转接，请稍等。")) from None
    record(request, "session.requested", by, target=target)
    app.configure_task(CHANGE_SESSION, queue="urgent").defer(
        hospital_id=address.hospital_id, request_id=request.pk
    )
    return request


def check_target(address: Address, target: int, servicer: Servicer | None) -> None:
    """Refuse what the provider would refuse anyway, in words."""
    account = address.account
    if account.kind != Account.Kind.WECOM_KF or not account.is_active:
        raise RefusedError(_("只有启用中的微信客服会话可以转接。"))
    if target not in list_targets(load_transitions(), address.session_state):
        raise RefusedError(reasons.sentence_of("kf_change_refused"))
    if target == SERVED and (servicer is None or servicer.account_id != account.pk):
        raise RefusedError(_("请选择转给哪位接待人员。"))


@transaction.atomic
def claim_session_request(hospital_id: int, request_id: int) -> SessionClaim | None:
    """Take the request for this worker; None when it is settled or taken."""
    now = time.now()
    abandoned = Q(
        state=SessionRequest.State.CLAIMED,
        claimed_at__lt=now - facts.seconds("kf_request_seconds"),
    )
    waiting = Q(state=SessionRequest.State.WAITING)
    rows = SessionRequest.objects.filter(hospital_id=hospital_id, pk=request_id)
    if not rows.filter(waiting | abandoned).update(
        state=SessionRequest.State.CLAIMED, claimed_at=now
    ):
        return None
    request = rows.select_related("address").get()
    return SessionClaim(request, request.address.account_id, request.address.external_id)


@transaction.atomic
def settle_session_request(claim: SessionClaim, code: str) -> None:
    """Take the change in as if it had been told: the provider calls nobody back about it."""
    request = claim.request
    if not finish(request, SessionRequest.State.DONE):
        return
    account = queries.account_facts(request.hospital_id, claim.account_id)
    if account is not None:
        changed = Inbound(
            event="session.changed",
            arrival_key=f"requested:{request.pk}",
            occurred_at=time.now(),
            kind=CHANGE_NAMES[request.target],
            external_id=claim.external_id,
            staff_userid=request.servicer_userid,
            welcome_code=code,
            status=str(request.target),
        )
        take_in(account, [changed])
    record(request, "session.moved", SystemActor(request.hospital_id), target=request.target)


@transaction.atomic
def settle_session_failed(claim: SessionClaim, reason: str, state: int | None) -> None:
    """Note why it was refused, and the state the session is really in."""
    request = claim.request
    if not finish(request, SessionRequest.State.FAILED, reason):
        return
    if state is not None:
        rows = Address.objects.filter(pk=request.address_id)
        rows.update(session_state=state, session_changed_at=time.now())
    by = SystemActor(request.hospital_id)
    record(request, "session.not_moved", by, target=request.target, reason=reason)


def finish(request: SessionRequest, state: str, reason: str = "") -> bool:
    rows = SessionRequest.objects.filter(pk=request.pk, state=SessionRequest.State.CLAIMED)
    return bool(rows.update(state=state, failure_code=reason[:40], settled_at=time.now()))


def record(request: SessionRequest, name: str, by: Actor, **data: int | str) -> None:
    events.record(
        name,
        hospital_id=request.hospital_id,
        subject="address",
        subject_id=request.address_id,
        by=by,
        data={"request_id": request.pk, **data},
    )


# ---- servicers ----------------------------------------------------------------------------


@transaction.atomic
def want_servicers(account: Account, staff: Sequence[Staff], *, by: Actor) -> int:
    """Let these people serve the account; whoever serves it already stays."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    userids = sorted({one.wecom_userid for one in staff if one.wecom_userid})
    if not userids:
        raise RefusedError(_("选中的员工还没有登记企业微信账号。"))
    for userid in userids:
        row, _is_new = Servicer.objects.get_or_create(
            account=account,
            userid=userid,
            defaults={"hospital_id": account.hospital_id, "changed_at": this_second()},
        )
        want(row, is_wanted=True)
    record_servicers(account, "servicers.wanted", by, len(userids))
    return len(userids)


@transaction.atomic
def dismiss_servicer(servicer: Servicer, *, by: Actor) -> None:
    """Take one away; refused for the last one, who would leave the patients alone."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    # Two who take the last two away at once meet here.
    Account.objects.select_for_update(no_key=True).get(pk=servicer.account_id)
    others = Servicer.objects.filter(account_id=servicer.account_id, is_wanted=True)
    if not others.exclude(pk=servicer.pk).exists():
        raise RefusedError(_("这是最后一位接待人员，请先添加另一位。"))
    want(servicer, is_wanted=False)
    record_servicers(servicer.account, "servicers.dismissed", by, 1)


def this_second() -> datetime:
    """Return now as the provider counts: what it tells of this second is not older."""
    return time.now().replace(microsecond=0)


def want(servicer: Servicer, *, is_wanted: bool) -> None:
    rows = Servicer.objects.filter(pk=servicer.pk)
    rows.update(is_wanted=is_wanted, failure_code="", next_try_at=None)


@transaction.atomic
def claim_servicers(hospital_id: int, account_id: int, step: str) -> list[str]:
    """Take the changes of one kind for this worker; others' are left to them."""
    now = time.now()
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = Servicer.objects.select_for_update(skip_locked=True, no_key=True).filter(
        free, due, hospital_id=hospital_id, account_id=account_id, is_wanted=step == ADD
    )
    most = facts.count("kf_servicers_per_call")
    chosen = list(rows.exclude(is_wanted=F("is_listed")).order_by("pk")[:most])
    lease = now + facts.seconds("kf_servicer_lease_seconds")
    Servicer.objects.filter(pk__in=[one.pk for one in chosen]).update(leased_until=lease)
    return [one.userid for one in chosen]


@transaction.atomic
def settle_servicers(
    hospital_id: int, account_id: int, step: str, results: Mapping[str, str]
) -> None:
    """Store each answer on its own: some may fail where the call succeeds."""
    rows = Servicer.objects.filter(hospital_id=hospital_id, account_id=account_id)
    later = time.now() + facts.seconds("kf_servicer_retry_seconds")
    for userid, reason in results.items():
        row = rows.filter(userid=userid)
        if reason:
            row.update(failure_code=reason[:40], next_try_at=later, leased_until=None)
        else:
            done = {"failure_code": "", "next_try_at": None, "leased_until": None}
            row.update(is_listed=step == ADD, **done)


@transaction.atomic
def note_servicers(hospital_id: int, account_id: int, listed: Sequence[ListedServicer]) -> None:
    """Believe the provider's list: who was added or taken away there is so here, too."""
    rows = Servicer.objects.filter(hospital_id=hospital_id, account_id=account_id)
    known = {one.userid: one for one in rows.select_for_update(no_key=True)}
    for one in listed:
        row = known.pop(one.userid, None)
        if row is None:
            Servicer.objects.get_or_create(
                account_id=account_id,
                userid=one.userid,
                defaults={
                    "hospital_id": hospital_id,
                    "is_listed": True,
                    "is_paused": one.is_paused,
                    "changed_at": this_second(),
                },
            )
        else:
            # Somebody taken away here long ago was added anew there; a removal under way stays one.
            was_gone = not row.is_listed and row.leased_until is None
            rows.filter(pk=row.pk).update(
                is_listed=True, is_paused=one.is_paused, is_wanted=row.is_wanted or was_gone
            )
    # Who was listed and is not any more was taken away there; who never was, is still to be added.
    gone = [row.pk for row in known.values() if row.is_listed]
    rows.filter(pk__in=gone).update(is_listed=False, is_wanted=False)


def record_servicers(account: Account, name: str, by: Actor, count: int) -> None:
    events.record(
        name,
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.pk,
        by=by,
        data={"count": count},
    )
