"""Writes: what may happen to intents, deliveries, cards and staff confirmations."""

from __future__ import annotations

from lianxin.outreach.actions.cancelling import (
    cancel_for_patient,
    cancel_subject,
    cancel_subjects,
)
from lianxin.outreach.actions.cards import (
    CardDraft,
    complete_items,
    expire_cards,
    open_card,
    put_cards,
)
from lianxin.outreach.actions.claiming import claim_deliveries, renew_leases
from lianxin.outreach.actions.coding import CodedPlan, claim_coded, settle_coded
from lianxin.outreach.actions.composing import Claimed, link_for
from lianxin.outreach.actions.confirming import (
    ClaimedTask,
    claim_confirmations,
    close_confirmations,
    plan_confirmations,
    settle_confirmation,
)
from lianxin.outreach.actions.merging import hold_for_merge, say_once
from lianxin.outreach.actions.receipts import (
    Receipt,
    note_opening,
    note_receipts,
    open_delivery,
    settle_task,
)
from lianxin.outreach.actions.settling import (
    Settled,
    recover_deliveries,
    settle_deliveries,
)
from lianxin.outreach.actions.stopping import (
    cancel_confirmation,
    remind_staff,
    settle_taken_back,
)
from lianxin.outreach.actions.submitting import Draft, submit, submit_many
from lianxin.outreach.actions.welcoming import (
    WelcomePlan,
    claim_welcome,
    settle_welcome,
)

__all__ = [
    "CardDraft",
    "Claimed",
    "ClaimedTask",
    "CodedPlan",
    "Draft",
    "Receipt",
    "Settled",
    "WelcomePlan",
    "cancel_confirmation",
    "cancel_for_patient",
    "cancel_subject",
    "cancel_subjects",
    "claim_coded",
    "claim_confirmations",
    "claim_deliveries",
    "claim_welcome",
    "close_confirmations",
    "complete_items",
    "expire_cards",
    "hold_for_merge",
    "link_for",
    "note_opening",
    "note_receipts",
    "open_card",
    "open_delivery",
    "plan_confirmations",
    "put_cards",
    "recover_deliveries",
    "remind_staff",
    "renew_leases",
    "say_once",
    "settle_coded",
    "settle_confirmation",
    "settle_deliveries",
    "settle_taken_back",
    "settle_task",
    "settle_welcome",
    "submit",
    "submit_many",
]
