"""What the room tells the journal: ids and codes of intents and deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lianxin.core.actor import Actor
from lianxin.core.events import Entry
from lianxin.outreach.catalog import calls_for_a_person
from lianxin.outreach.models import Delivery, Intent

REFUSED_STATES = (Intent.State.REFUSED, Intent.State.MISSED)
SYSTEM = "system"


def intent_facts(intent: Intent) -> dict[str, Any]:
    return {
        "intent_id": intent.pk,
        "kind": intent.kind,
        "priority": intent.priority,
        "holder_id": intent.holder_id,
        "subject_kind": intent.subject_kind,
        "subject_id": intent.subject_id,
    }


def refusal_entry(intent: Intent, codes: Sequence[str]) -> Entry:
    """Tell that nothing may carry it. `needs_call`: a person could still reach the patient."""
    name = "intent.missed" if intent.state == Intent.State.MISSED else "intent.refused"
    unique = list(dict.fromkeys(codes))
    return Entry(
        name,
        intent.hospital_id,
        "intent",
        intent.pk,
        SYSTEM,
        patient_id=intent.patient_id,
        data=intent_facts(intent) | {"reasons": unique, "needs_call": calls_for_a_person(unique)},
    )


def sent_entry(
    hospital_id: int,
    delivery_id: int,
    patient_id: int | None,
    data: dict[str, Any],
    at: datetime,
) -> Entry:
    """Tell that a message left. Of a card the card's own event says it: one line, not two."""
    if data["subject_kind"] == "card":
        facts = data | {"delivery_id": delivery_id}
        return Entry(
            "card.announced",
            hospital_id,
            "card",
            data["subject_id"],
            SYSTEM,
            patient_id=patient_id,
            data=facts,
            at=at,
        )
    return Entry(
        "delivery.sent",
        hospital_id,
        "delivery",
        delivery_id,
        SYSTEM,
        patient_id=patient_id,
        data=data,
        at=at,
    )


def cancelled_entry(intent: Intent, by: Actor | None) -> Entry:
    return Entry(
        "intent.cancelled",
        intent.hospital_id,
        "intent",
        intent.pk,
        by.kind if by else SYSTEM,
        by.id if by else None,
        patient_id=intent.patient_id,
        data=intent_facts(intent),
    )


def delivery_facts(intent: Intent, delivery: Delivery) -> dict[str, Any]:
    return intent_facts(intent) | {
        "carrier": delivery.carrier,
        "account_id": delivery.account_id,
        "address_id": delivery.address_id,
        "holder_id": delivery.holder_id,
        "staff_id": delivery.staff_id,
    }


def delivery_entry(name: str, intent: Intent, delivery: Delivery) -> Entry:
    data = delivery_facts(intent, delivery)
    if delivery.reason_code:
        data["reason"] = delivery.reason_code
    return Entry(
        name,
        delivery.hospital_id,
        "delivery",
        delivery.pk,
        SYSTEM,
        patient_id=delivery.patient_id,
        data=data,
    )
