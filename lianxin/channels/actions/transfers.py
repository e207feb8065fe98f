"""Contacts moved from one member to another: planned, asked for by one worker, settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries, rules, wording
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.reactions import Reaction, find_row, load_facts
from lianxin.channels.adapters.wecom.transfers import Pair, Result
from lianxin.channels.models import Account, Address, Relation, Transfer
from lianxin.channels.rules.transfers import Answer, Step
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.events import Entry
from lianxin.staff.models import Staff

TEMPORARY = {Reaction.RETRY, Reaction.WAIT, Reaction.SERIALISE, Reaction.REFRESH}
# Known from their callback as gone before WeCom calls them resigned: it will.
NOT_RESIGNED = "not_resigned"


@dataclass(frozen=True)
class TransferClaim:
    """The right to ask about the contacts of one pair, until the lease ends."""

    pair: Pair
    rows: tuple[Transfer, ...]
    words: str
    lease: datetime


@transaction.atomic
def plan_transfers(
    relations: Iterable[Relation], taker: Staff, *, is_resigned: bool, words: str, by: Actor
) -> list[Transfer]:
    """Want these contacts moved to the taker. Who is on the way already is left out.

    A job asks the provider. `words` are what WeCom shows the contact once it has moved.
    """
    if not by.may("handover.manage"):
        raise ForbiddenError
    if not taker.wecom_userid:
        raise RefusedError(_("接手的同事还没有绑定企业微信。"))
    for refused in wording.refused_words(taker.hospital_id, words):
        raise RefusedError(wording.refusal_sentence(refused))
    now = time.now()
    rows = [
        Transfer(
            hospital_id=relation.hospital_id,
            account_id=relation.address.account_id,
            address=relation.address,
            from_userid=relation.staff_userid,
            to_userid=taker.wecom_userid,
            to_staff=taker,
            is_resigned=is_resigned,
            words="" if is_resigned else words,
            created_at=now,
            due_at=now,
        )
        for relation in relations
        if relation.staff_userid != taker.wecom_userid
    ]
    return [row for row in rows if add_transfer(row, by)]


def add_transfer(row: Transfer, by: Actor) -> bool:
    """Store one transfer; False when the contact is on the way from this member already."""
    made, is_new = Transfer.objects.get_or_create(
        address_id=row.address_id,
        from_userid=row.from_userid,
        state__in=Transfer.OPEN,
        defaults={
            name: getattr(row, name)
            for name in (
                "hospital_id",
                "account_id",
                "to_userid",
                "to_staff",
                "is_resigned",
                "words",
                "created_at",
                "due_at",
            )
        }
        | {"state": Transfer.State.PLANNED},
    )
    row.pk = made.pk
    if is_new:
        tell("transfer.planned", [made], by)
    return is_new


@transaction.atomic
def cancel_transfers(hospital_id: int, ids: Iterable[int], *, by: Actor) -> int:
    """Take back what the provider was never asked for. What has begun cannot be taken back."""
    if not by.may("handover.manage"):
        raise ForbiddenError
    rows = Transfer.objects.filter(
        hospital_id=hospital_id, pk__in=list(ids), state=Transfer.State.PLANNED, asked_at=None
    )
    found = list(rows.select_for_update(no_key=True))
    Transfer.objects.filter(pk__in=[row.pk for row in found]).update(
        state=Transfer.State.CANCELLED, settled_at=time.now()
    )
    tell("transfer.cancelled", found, by)
    return len(found)


# ---- asking for ---------------------------------------------------------------------------


@transaction.atomic
def claim_transfers(hospital_id: int, account_id: int, state: str) -> TransferClaim | None:
    """Take the next pair of members for this worker; None when nothing is due.

    One call at a time for each member who hands over: two at once are refused by the provider.
    """
    now = time.now()
    Account.objects.select_for_update(no_key=True).get(pk=account_id)
    due = queries.list_due_transfers(hospital_id, account_id, state, now)
    free = due.exclude(from_userid__in=queries.busy_members(account_id, now))
    first = free.first()
    if first is None:
        return None
    pair = Pair(first.from_userid, first.to_userid, first.is_resigned)
    same = free.filter(
        from_userid=pair.from_userid, to_userid=pair.to_userid, is_resigned=pair.is_resigned
    )
    if state == Transfer.State.PLANNED:
        same = same.filter(words=first.words)
    rows = list(same[: load_facts()["transfer_batch"]])
    lease = now + facts.seconds("transfer_lease_seconds")
    held = Transfer.objects.filter(pk__in=[row.pk for row in rows])
    held.update(leased_until=lease)
    if state == Transfer.State.PLANNED:
        held.filter(asked_at=None).update(asked_at=now)
    # The rows tell whether they had been asked for before this claim.
    return TransferClaim(pair, tuple(rows), first.words, lease)


@transaction.atomic
def settle_asked(claim: TransferClaim, codes: Mapping[str, int]) -> None:
    """Keep what the provider said of each contact; one it said nothing about is asked again."""
    now, times = time.now(), queries.transfer_times()
    settled = []
    for row in claim.rows:
        code = codes.get(row.address.external_id)
        answer = Answer(is_ok=False, is_temporary=True, reason="provider_garbage")
        if code is not None:
            answer = read_code(code)
        step = rules.read_asked(answer, now, times, was_asked=row.asked_at is not None)
        if release(claim, row, step):
            settled.append(row)
    tell_steps(settled)


def read_code(code: int) -> Answer:
    if not code:
        return Answer(is_ok=True, is_temporary=False, reason="")
    found = find_row("wecom", code)
    return Answer(
        is_ok=found.reaction == Reaction.TREAT_AS_OK,
        is_temporary=found.reaction in TEMPORARY,
        reason=found.reason,
    )


@transaction.atomic
def settle_asking_failed(claim: TransferClaim, error: ProviderError) -> None:
    """Note why a whole call did not work. Silence and a busy provider are asked again."""
    now, times = time.now(), queries.transfer_times()
    is_early = error.reason == NOT_RESIGNED
    answer = Answer(False, error.is_temporary or is_early, error.reason)
    settled = []
    for row in claim.rows:
        was_asked = row.asked_at is not None
        step = rules.read_asked(answer, now, times, was_asked=was_asked)
        if error.is_temporary:
            soon = now + facts.seconds("transfer_spare_seconds")
            step = step._replace(due_at=max(error.retry_at or soon, soon))
        if release(claim, row, step):
            settled.append(row)
    tell_steps(settled)


# ---- asking about -------------------------------------------------------------------------


@transaction.atomic
def settle_results(
    account: AccountFacts, claim: TransferClaim, results: Mapping[str, Result]
) -> None:
    """Keep what became of each contact. A moved one is moved here, too, once."""
    now, times = time.now(), queries.transfer_times()
    settled = []
    for row in claim.rows:
        result = results.get(row.address.external_id)
        step = rules.read_result(
            result.status if result else None, now, row.asked_at or row.created_at, times
        )
        if not release(claim, row, step):
            continue
        settled.append(row)
        if step.state == Transfer.State.DONE and result is not None:
            take_over(account, row, result.at if result.at.year > 2000 else now)
    tell_steps(settled)


@transaction.atomic
def settle_results_failed(claim: TransferClaim, error: ProviderError) -> None:
    """Ask again later what could not be asked now."""
    again = time.now() + facts.seconds("transfer_spare_seconds")
    held = Transfer.objects.filter(pk__in=[row.pk for row in claim.rows], leased_until=claim.lease)
    held.update(leased_until=None, due_at=max(error.retry_at or again, again))


def take_over(account: AccountFacts, row: Transfer, at: datetime) -> None:
    """Give the contact to the taker, under the keys that callbacks of that second would have.

    The callbacks come as well, or are lost; either way it happens once.
    """
    Address.objects.filter(pk=row.address_id).update(staff=row.to_staff_id)
    stamp, external_id = int(at.timestamp()), row.address.external_id
    take_in(
        account,
        [
            Inbound(
                event="contact.added",
                arrival_key=f"full:{row.to_userid}:{external_id}:{stamp}",
                occurred_at=at,
                kind="full",
                external_id=external_id,
                staff_userid=row.to_userid,
            ),
            Inbound(
                event="contact.removed",
                arrival_key=f"transferred:{row.from_userid}:{external_id}:{stamp}",
                occurred_at=at,
                kind="transferred",
                external_id=external_id,
                staff_userid=row.from_userid,
            ),
        ],
    )


# ---- the row ------------------------------------------------------------------------------


def release(claim: TransferClaim, row: Transfer, step: Step) -> bool:
    """Write where a transfer stands and give the lease back; False when it was lost."""
    held = Transfer.objects.filter(pk=row.pk, leased_until=claim.lease, state__in=Transfer.OPEN)
    is_open = step.due_at is not None
    changed = held.update(
        state=step.state,
        reason_code=step.reason,
        due_at=step.due_at if step.due_at is not None else F("due_at"),
        settled_at=None if is_open else time.now(),
        leased_until=None,
    )
    has_moved = bool(changed) and row.state != step.state
    row.state, row.reason_code = step.state, step.reason
    return has_moved


NAMES = {
    Transfer.State.WAITING: "transfer.begun",
    Transfer.State.DONE: "transfer.done",
    Transfer.State.REFUSED: "transfer.refused",
    Transfer.State.FULL: "transfer.failed",
    Transfer.State.FAILED: "transfer.failed",
}


def tell_steps(rows: Iterable[Transfer]) -> None:
    """Record where transfers have come to, in one go."""
    events.record_many(
        [
            entry(NAMES[Transfer.State(row.state)], row, SystemActor(row.hospital_id))
            for row in rows
            if row.state in NAMES
        ]
    )


def tell(name: str, rows: Iterable[Transfer], by: Actor) -> None:
    events.record_many([entry(name, row, by) for row in rows])


def entry(name: str, row: Transfer, by: Actor) -> Entry:
    return Entry(
        name=name,
        hospital_id=row.hospital_id,
        subject="transfer",
        subject_id=row.pk,
        by_kind=by.kind,
        by_id=by.id,
        data={
            "account_id": row.account_id,
            "address_id": row.address_id,
            "to_staff_id": row.to_staff_id,
            "state": row.state,
            "reason": row.reason_code,
        },
    )
