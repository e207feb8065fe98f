"""Subscribe messages cost a tick: spent when claimed, given back when it was not taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from lianxin.channels import actions as channels
from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.outreach.models import Delivery, Intent
from lianxin.outreach.rules.facts import MINI_SUBSCRIBE, NO_TICK, NOTICE_USED, OA_SUBSCRIBE

# The carriers that cost a tick, and what is said when there is none any more.
COSTLY = {MINI_SUBSCRIBE: NO_TICK, OA_SUBSCRIBE: NOTICE_USED}
# What the provider answers when our count was too high.
NO_TICK_LEFT = "no_tick_left"


def spend_ticks(
    claimed: Iterable[Delivery], intents: Iterable[Intent], accounts: Mapping[int, Account]
) -> None:
    """Spend a tick for each claimed send; without one it is failed, and the next way is chosen.

    Two patients who share a phone may both want the last tick: one of them gets it.
    """
    costly = [
        row for row in claimed if row.carrier in COSTLY and row.state == Delivery.State.CLAIMED
    ]
    if not costly:
        return
    places = [place_of(row, accounts.get(row.account_id or 0)) for row in costly]
    left = channels.spend_ticks(costly[0].hospital_id, Counter(places))
    intent_by_id = {intent.pk: intent for intent in intents}
    for row, place in zip(costly, places, strict=True):
        if left.get(place, 0) > 0:
            left[place] -= 1
            continue
        row.state, row.reason_code = Delivery.State.FAILED, COSTLY[row.carrier]
        row.settled_at, row.lease_until = time.now(), None
        # It stays due: the next pass asks the gate for another way.
        intent_by_id[row.intent_id].state = Intent.State.PENDING


def return_ticks(rows: Iterable[Delivery], results: Mapping[int, str]) -> None:
    """Give ticks back after failures, by the failure's reason; silence may have used one up."""
    costly = [row for row in rows if row.carrier in COSTLY and row.pk in results]
    for row in sorted(costly, key=lambda one: one.address_id or 0):
        give = channels.forget_ticks if results[row.pk] == NO_TICK_LEFT else channels.return_tick
        give(row.hospital_id, *place_of(row, row.account))


def place_of(row: Delivery, account: Account | None) -> tuple[int, str]:
    """Return the address and the template whose ticks this send costs."""
    # A delivery of an earlier version does not know its template.
    known = str(account.config.get("template_id", "")) if account else ""
    return row.address_id or 0, row.template_id or known
