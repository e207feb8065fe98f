"""Calls to staff: asked for here, placed by a job, settled by what the provider reports.

There is no key against repeats at the provider. A call that may have rung is therefore never
placed again: it ends as unknown, and whoever asked for it goes on to the next person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from lianxin.channels import facts
from lianxin.channels.actions.costs import Billed, record_costs
from lianxin.channels.adapters.base import AccountFacts, Inbound, SendFailed, Sent
from lianxin.channels.models import StaffCall
from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.staff import queries as staff

MAX_ATTEMPTS = 3
RETRY = timedelta(seconds=10)
State = StaffCall.State
# What the provider may still report about: also what we gave up waiting for.
REPORTABLE = (State.CLAIMED, State.RINGING, State.UNKNOWN)
# Without the provider's word at least one started minute is counted.
MAY_COST = (State.ANSWERED, State.UNKNOWN)
STATES_OF_STATUS = {
    "answered": State.ANSWERED,
    "no_answer": State.NO_ANSWER,
    "switched_off": State.NO_ANSWER,
    "busy": State.BUSY,
}


@transaction.atomic
def call_staff(hospital_id: int, staff_id: int, *, dedupe_key: str) -> StaffCall:
    """Ask for one call. The same key asked again gives the call that there is."""
    now = time.now()
    call, _is_new = StaffCall.objects.get_or_create(
        hospital_id=hospital_id,
        dedupe_key=dedupe_key,
        defaults={"staff_id": staff_id, "created_at": now, "next_attempt_at": now},
    )
    return call


def cancel_calls(hospital_id: int, call_ids: Iterable[int]) -> None:
    """Leave out what was asked for and not yet placed."""
    StaffCall.objects.filter(
        hospital_id=hospital_id, pk__in=list(call_ids), state=State.WAITING
    ).update(state=State.CANCELLED, reason_code="call_cancelled", ended_at=time.now())


@transaction.atomic
def claim_call(call_id: int, account_id: int | None) -> StaffCall | None:
    """Take a due call for this worker; None when another was faster."""
    now = time.now()
    taken = StaffCall.objects.filter(
        pk=call_id, state=State.WAITING, next_attempt_at__lte=now
    ).update(
        state=State.CLAIMED,
        account_id=account_id,
        attempt_count=F("attempt_count") + 1,
        next_attempt_at=now + facts.seconds("call_lease_seconds"),
    )
    return StaffCall.objects.get(pk=call_id) if taken else None


@transaction.atomic
def settle_call(call: StaffCall, result: Sent | SendFailed) -> None:
    """Store what came of placing it. A report that was faster than this is left standing."""
    now = time.now()
    rows = StaffCall.objects.filter(pk=call.pk)
    if isinstance(result, Sent):
        rows.filter(provider_call_id="").update(provider_call_id=result.provider_message_id)
        rings = rows.filter(state=State.CLAIMED).update(
            state=State.RINGING, next_attempt_at=now + facts.seconds("call_silence_seconds")
        )
        if rings:
            tell("staff_call.placed", call)
        return
    if not result.permanent and call.attempt_count < MAX_ATTEMPTS:
        rows.filter(state=State.CLAIMED).update(
            state=State.WAITING,
            reason_code=result.reason_code,
            next_attempt_at=result.retry_at or now + RETRY,
        )
        return
    is_unknown = result.reason_code == "outcome_unknown"
    end_call(call, State.UNKNOWN if is_unknown else State.FAILED, reason=result.reason_code)


@transaction.atomic
def end_silent(hospital_id: int, call_ids: Iterable[int]) -> None:
    """End what nobody will report about any more: a dead worker's claim, a lost callback."""
    due = StaffCall.objects.filter(
        hospital_id=hospital_id,
        pk__in=list(call_ids),
        state__in=[State.CLAIMED, State.RINGING],
        next_attempt_at__lte=time.now(),
    )
    for call in due.select_for_update(no_key=True, skip_locked=True):
        end_call(call, State.UNKNOWN, reason="outcome_unknown")


def take_report(account: AccountFacts, inbound: Inbound) -> None:
    """Take in a report of a call we placed; any other changes nothing."""
    call = find_reported(account, inbound)
    if call is None:
        return
    if inbound.kind == "key":
        take_key(call, inbound)
        return
    minutes = inbound.raw.get("minutes")
    if isinstance(minutes, int) and "ended" in inbound.raw:
        call.billed_minutes = min(minutes, 1000)
        call.save(update_fields=["billed_minutes"])
        bill(call, call.billed_minutes, is_estimate=False)
    state = STATES_OF_STATUS.get(inbound.status, State.FAILED)
    end_call(call, state, reason="" if state == State.ANSWERED else f"call_{inbound.status}")


def find_reported(account: AccountFacts, inbound: Inbound) -> StaffCall | None:
    """Find the call by the provider's id; one whose answer was lost by the number it rang."""
    rows = StaffCall.objects.select_for_update(no_key=True).filter(
        hospital_id=account.hospital_id, account_id=account.id
    )
    found = rows.filter(provider_call_id=inbound.provider_message_id).first()
    if found is not None or not inbound.external_id:
        return found
    since = time.now() - facts.seconds("call_kept_unknown_seconds")
    rung = staff.list_by_number(account.hospital_id, inbound.external_id)
    lost = rows.filter(
        staff_id__in=rung, provider_call_id="", state__in=REPORTABLE, created_at__gte=since
    )
    call = lost.order_by("-created_at").first()
    if call is not None:
        call.provider_call_id = inbound.provider_message_id
        call.save(update_fields=["provider_call_id"])
    return call


def take_key(call: StaffCall, inbound: Inbound) -> None:
    now = time.now()
    taken = StaffCall.objects.filter(pk=call.pk, pressed="").update(
        pressed=inbound.status, pressed_at=now
    )
    if taken and inbound.status:
        tell("staff_call.keyed", call, pressed=inbound.status)


def end_call(call: StaffCall, state: str, *, reason: str = "") -> None:
    """End it once. What was only given up may still turn out to have been answered."""
    ended = StaffCall.objects.filter(pk=call.pk, state__in=REPORTABLE).exclude(state=state)
    if ended.update(state=state, reason_code=reason, ended_at=time.now()):
        if call.billed_minutes is None and state in MAY_COST:
            bill(call, 1, is_estimate=True)
        tell("staff_call.ended", call, state=state, reason=reason)


def bill(call: StaffCall, minutes: int, *, is_estimate: bool) -> None:
    if call.account_id is not None:
        line = Billed(f"call-{call.pk}", minutes, is_estimate)
        record_costs(call.hospital_id, call.account_id, [line])


def tell(name: str, call: StaffCall, **data: object) -> None:
    events.record(
        name,
        hospital_id=call.hospital_id,
        subject="staff_call",
        subject_id=call.pk,
        by=SystemActor(call.hospital_id),
        data={"staff_id": call.staff_id, **data},
    )
