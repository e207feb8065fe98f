"""Subscribe messages cost a tick: spent when claimed, given back when it was not taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lianxin.channels import actions as channels
from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.outreach.models import Delivery, Intent
from lianxin.outreach.rules.facts import MINI_SUBSCRIBE, NO_TICK

# What the provider answers when our count was too high.
NO_TICK_LEFT = "no_tick_left"


def spend_ticks(
    claimed: Iterable[Delivery], intents: Iterable[Intent], accounts: Mapping[int, Account]
) -> None:
    """Spend a tick for each claimed send; without one it is failed, and the next way is chosen.

    Two patients who share a phone may both want the last tick: one of them gets it.
    """
    intent_by_id = {intent.pk: intent for intent in intents}
    for row in claimed:
        if row.carrier != MINI_SUBSCRIBE or row.state != Delivery.State.CLAIMED:
            continue
        template_id = template_of(accounts.get(row.account_id or 0))
        if channels.spend_tick(row.hospital_id, row.address_id or 0, template_id):
            continue
        row.state, row.reason_code, row.lease_until = Delivery.State.FAILED, NO_TICK, None
        row.settled_at = time.now()
        # It stays due: the next pass asks the gate for another way.
        intent_by_id[row.intent_id].state = Intent.State.PENDING


def return_ticks(rows: Iterable[Delivery], results: Mapping[int, str]) -> None:
    """Give ticks back after failures, by the failure's reason; silence may have used one up."""
    for row in rows:
        if row.carrier != MINI_SUBSCRIBE or row.pk not in results:
            continue
        give = channels.forget_ticks if results[row.pk] == NO_TICK_LEFT else channels.return_tick
        give(row.hospital_id, row.address_id or 0, template_of(row.account))


def template_of(account: Account | None) -> str:
    return str(account.config.get("template_id", "")) if account else ""
