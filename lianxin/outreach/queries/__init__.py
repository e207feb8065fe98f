"""Reads. The hospital or the actor comes first; nothing outside it is returned."""

from __future__ import annotations

from lianxin.outreach.queries.cards import (
    access_card,
    find_card,
    list_cards,
    list_cards_of_patients,
)
from lianxin.outreach.queries.confirmations import (
    RESULTS,
    ConfirmationLine,
    access_confirmation,
    describe_confirmations,
    list_recipients,
    list_reminders,
)
from lianxin.outreach.queries.forecast import Forecast, forecast
from lianxin.outreach.queries.house import House, load_house
from lianxin.outreach.queries.inputs import GateInputs, load_inputs
from lianxin.outreach.queries.lists import (
    DeliveryFilter,
    DeliveryLine,
    access_delivery,
    access_intent,
    confirmation_word,
    count_refusals_by_reason,
    deliveries_of_intents,
    describe,
    find_by_delivery_key,
    list_confirmations,
    list_deliveries,
)
from lianxin.outreach.queries.reach import (
    ReachLine,
    Said,
    check_message,
    describe_reason,
    reach_of_holder,
    reach_of_patient,
)

__all__ = [
    "RESULTS",
    "ConfirmationLine",
    "DeliveryFilter",
    "DeliveryLine",
    "Forecast",
    "GateInputs",
    "House",
    "ReachLine",
    "Said",
    "access_card",
    "access_confirmation",
    "access_delivery",
    "access_intent",
    "check_message",
    "confirmation_word",
    "count_refusals_by_reason",
    "deliveries_of_intents",
    "describe",
    "describe_confirmations",
    "describe_reason",
    "find_by_delivery_key",
    "find_card",
    "forecast",
    "list_cards",
    "list_cards_of_patients",
    "list_confirmations",
    "list_deliveries",
    "list_recipients",
    "list_reminders",
    "load_house",
    "load_inputs",
    "reach_of_holder",
    "reach_of_patient",
]
