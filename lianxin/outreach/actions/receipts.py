"""Receipts and openings: what became of a message after it left the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from lianxin.channels.adapters.base import Sent
from lianxin.channels.queries import find_task, list_shares
from lianxin.core import events
from lianxin.core.actor import Actor
from lianxin.outreach.actions.confirming import NOT_CONFIRMED, TASK_FAILED, close
from lianxin.outreach.actions.quotas import count_arrived, lock_ledger, note_refusals
from lianxin.outreach.actions.settling import Ledger, write
from lianxin.outreach.actions.telling import delivery_entry, intent_facts
from lianxin.outreach.actions.ticks import return_ticks
from lianxin.outreach.models import Delivery, StaffConfirmation
from lianxin.outreach.queries.house import House, load_house
from lianxin.outreach.queries.lists import find_by_delivery_key
from lianxin.outreach.rules.facts import OA_SUBSCRIBE
from lianxin.patients.queries import find_holder

DELIVERED = "delivered"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said later about one message to one address."""

    provider_message_id: str
    status: str
    reason: str = ""
    address_id: int | None = None
    template_id: str = ""


@transaction.atomic
def note_receipts(hospital_id: int, receipts: Sequence[Receipt]) -> int:
    """Store receipts; the same one twice, or one for somebody else's message, changes nothing."""
    house = load_house(hospital_id)
    lock_ledger(house)
    return sum(note_receipt(house, receipt) for receipt in receipts)


def note_receipt(house: House, receipt: Receipt) -> bool:
    row = find_delivery(house, receipt)
    if row is None:
        return False
    ledger = Ledger(house.now, house.settings.delivering)
    if receipt.status == DELIVERED:
        mark_delivered(house, row, ledger, receipt)
    elif receipt.status == FAILED:
        is_task = row.confirmation_id is not None
        ledger.mark_failed(row, receipt.reason or (TASK_FAILED if is_task else "provider_refused"))
        # The patient saw nothing of it, so her yes is still good.
        return_ticks([row], {row.pk: receipt.reason})
        note_refusals(house, [row], {row.pk: receipt.reason})
    else:
        return False
    write([row], ledger)
    return True


def find_delivery(house: House, receipt: Receipt) -> Delivery | None:
    if not receipt.provider_message_id:
        return None
    single = Q(provider_message_id=receipt.provider_message_id)
    merged = Q(confirmation__provider_message_id=receipt.provider_message_id)
    rows = Delivery.objects.of(house.hospital_id).filter(single | merged)
    if receipt.address_id is not None:
        rows = rows.filter(address_id=receipt.address_id)
    open_states = (Delivery.State.SENT, Delivery.State.WAITING_STAFF)
    found = lock_first(rows.filter(state__in=open_states))
    if found is None and receipt.address_id and receipt.template_id and not rows.exists():
        return find_notice(house, receipt, receipt.address_id)
    return found


def find_notice(house: House, receipt: Receipt, address_id: int) -> Delivery | None:
    """Find the notice that a result is of: the call's answer had no id, so the oldest one is meant.

    It gets the id now, so that the same result again finds it settled.
    """
    rows = Delivery.objects.of(house.hospital_id).filter(
        carrier=OA_SUBSCRIBE,
        state=Delivery.State.SENT,
        address_id=address_id,
        template_id=receipt.template_id,
        provider_message_id="",
    )
    found = lock_first(rows)
    if found is not None:
        found.provider_message_id = receipt.provider_message_id
    return found


def lock_first(rows: QuerySet[Delivery]) -> Delivery | None:
    return (
        rows.select_related("intent", "account")
        .select_for_update(no_key=True, of=("self", "intent"))
        .order_by("pk")
        .first()
    )


def mark_delivered(house: House, row: Delivery, ledger: Ledger, receipt: Receipt) -> None:
    """Count a confirmed staff task as sent at this moment; everything else was sent before."""
    if row.state == Delivery.State.WAITING_STAFF:
        ledger.mark_sent(row, Sent(row.client_key, receipt.provider_message_id))
        count_arrived(house, row)
    row.state = Delivery.State.DELIVERED
    ledger.entries.append(delivery_entry("delivery.delivered", row.intent, row))


def note_shares(house: House, row: StaffConfirmation) -> None:
    """Store what the channels know of a task, before it is closed or made again.

    The same comes as receipts too, each in a job of its own: one may still be on its way, and who
    has the message must not be told the same by another carrier. Lock the ledger first.
    """
    task = find_task(row.account_id, row.provider_message_id)
    for share in list_shares(task) if task else []:
        is_sent = share.outcome == share.Outcome.SENT
        receipt = Receipt(
            provider_message_id=row.provider_message_id,
            status=DELIVERED if is_sent else FAILED,
            reason="" if is_sent else share.outcome,
            address_id=share.address_id,
        )
        if share.address_id is not None:
            note_receipt(house, receipt)


@transaction.atomic
def settle_task(hospital_id: int, provider_message_id: str, status: str) -> bool:
    """End a merged task that the provider has finished with."""
    house = load_house(hospital_id)
    lock_ledger(house)
    row = (
        StaffConfirmation.objects.filter(
            hospital_id=hospital_id,
            provider_message_id=provider_message_id,
            state=StaffConfirmation.State.WAITING,
        )
        .select_for_update(no_key=True)
        .first()
    )
    if row is None:
        return False
    note_shares(house, row)
    # Whoever still waits was left out by the provider.
    is_expired = status == "expired"
    state = StaffConfirmation.State.EXPIRED if is_expired else StaffConfirmation.State.DONE
    close(house, row, state, NOT_CONFIRMED if is_expired else TASK_FAILED)
    return True


@transaction.atomic
def note_opening(hospital_id: int, holder_id: int, delivery_key: str) -> bool:
    """Mark the delivery behind a link as opened, on the phone that it was sent to only."""
    holder = find_holder(hospital_id, holder_id) if delivery_key else None
    delivery = find_by_delivery_key(holder, delivery_key) if holder else None
    return delivery is not None and holder is not None and open_delivery(delivery, by=holder)


@transaction.atomic
def open_delivery(delivery: Delivery, *, by: Actor) -> bool:
    """Note that the patient opened the link; only the first time counts."""
    now = load_house(delivery.hospital_id).now
    first = Delivery.objects.filter(pk=delivery.pk, opened_at=None).update(opened_at=now)
    if not first:
        return False
    events.record(
        "delivery.opened",
        hospital_id=delivery.hospital_id,
        subject="delivery",
        subject_id=delivery.pk,
        by=by,
        patient_id=delivery.patient_id,
        data=intent_facts(delivery.intent) | {"carrier": delivery.carrier},
    )
    return True
