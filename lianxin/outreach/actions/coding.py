"""What a code allows: one message, for 20 seconds, said when a talk is handed on or ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction

from lianxin.channels import actions as channels
from lianxin.channels.actions.welcomes import WelcomeClaim
from lianxin.channels.adapters.base import Outbound, SendFailed, Sent
from lianxin.core import events
from lianxin.core.actor import SystemActor
from lianxin.outreach.actions.claiming import (
    Outcome,
    Tried,
    make_message,
    refuse,
    take,
    write_outcome,
)
from lianxin.outreach.actions.composing import Claimed, Composer
from lianxin.outreach.actions.settling import Settled, settle_deliveries
from lianxin.outreach.actions.submitting import Draft, submit_many
from lianxin.outreach.actions.welcoming import final
from lianxin.outreach.models import Intent
from lianxin.outreach.queries.house import House, load_house
from lianxin.outreach.queries.inputs import GateInputs, load_inputs
from lianxin.outreach.rules import gate
from lianxin.outreach.rules.facts import WELCOME_CODE, Verdict


@dataclass(frozen=True)
class CodedPlan:
    """One message to send now, by its code."""

    claim: WelcomeClaim
    delivery_id: int
    outbound: Outbound


@transaction.atomic
def claim_coded(hospital_id: int, arrival_id: int, draft: Draft) -> CodedPlan | None:
    """Take the one message of a code; None when it was used, is too late, or may not be said.

    The gate judges it like everything else, with the code as the only way.
    """
    claim = channels.claim_welcome(hospital_id, arrival_id)
    if claim is None:
        return None
    house = load_house(hospital_id)
    drafted = replace(draft, window_ends_at=claim.ends_at, answers_address_id=claim.address_id)
    submit_many(hospital_id, [drafted], by=SystemActor(hospital_id))
    rows = Intent.objects.filter(hospital_id=hospital_id, unique_key=draft.unique_key)
    intent = rows.select_for_update(no_key=True).get()
    claimed = take_by_code(house, intent, claim) if intent.state == Intent.State.PENDING else None
    if claimed is None:
        reason = intent.reason_code or "welcome_late"
        channels.settle_welcome(hospital_id, arrival_id, SendFailed(reason, permanent=True))
        return None
    outbound = replace(
        claimed.outbound, carrier_kind="welcome", welcome_code=claim.welcome_code, url=""
    )
    return CodedPlan(claim, claimed.delivery_id, outbound)


def take_by_code(house: House, intent: Intent, claim: WelcomeClaim) -> Claimed | None:
    """Ask the gate and write its answer; None when it says no."""
    inputs = load_inputs(
        house,
        {intent.patient_id} if intent.patient_id else set(),
        {intent.holder_id} if intent.holder_id else set(),
    )
    outcome = Outcome()
    verdict = judge_code(house, intent, claim, inputs)
    attempt = next(iter(verdict.attempts), None)
    if attempt is None:
        refuse(intent, verdict, Tried(), house, outcome)
    else:
        take(intent, attempt, Tried(), house, outcome)
    write_outcome([intent], outcome)
    events.record_many(outcome.entries)
    return next(iter(Composer(house, inputs).compose_all(outcome.claimed)), None)


def judge_code(house: House, intent: Intent, claim: WelcomeClaim, inputs: GateInputs) -> Verdict:
    known = inputs.addresses(intent.patient_id, intent.holder_id)
    addresses = [
        replace(one, welcome_until=claim.ends_at)
        for one in known
        if one.address_id == claim.address_id
    ]
    orders = {**house.settings.orders, intent.kind: (WELCOME_CODE,)}
    return gate.decide(
        make_message(intent, house),
        inputs.person(intent.patient_id),
        addresses,
        replace(house.settings, orders=orders),
        house.moment,
    )


@transaction.atomic
def settle_coded(hospital_id: int, plan: CodedPlan, result: Sent | SendFailed) -> None:
    """Store the outcome in both rooms: session_code.sent or session_code.missed."""
    channels.settle_welcome(hospital_id, plan.claim.arrival_id, result)
    settle_deliveries(hospital_id, [Settled(plan.delivery_id, final(result))])
