"""The live checks of the channels look for the keys that are sent from here."""

from __future__ import annotations

from lianxin.channels.adapters.account_fields import card_keys
from lianxin.outreach.actions.composing import TEMPLATE_FIELDS


def test_the_keys_that_templates_are_checked_for_are_those_that_are_sent() -> None:
    assert card_keys() == set(TEMPLATE_FIELDS)
