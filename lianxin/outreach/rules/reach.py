"""Reachable now, until when, how often still: one line per carrier for headers and the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lianxin.outreach.rules import facts
from lianxin.outreach.rules.carriers import check_carrier
from lianxin.outreach.rules.facts import AddressFacts, Message, Opening, Person, Reason
from lianxin.outreach.rules.settings import GateSettings

# What staff can count on: a conversation is open, it goes out by itself, or a person must confirm.
OPEN = "open"
AUTOMATIC = "automatic"
STAFF = "staff"
CLOSED = "closed"

STATE_OF_CARRIER = {
    facts.KF_TEXT: OPEN,
    facts.OA_TEXT: OPEN,
    facts.MINI_TEXT: OPEN,
    facts.WEBCHAT: OPEN,
    facts.OA_TEMPLATE: AUTOMATIC,
    facts.MINI_SUBSCRIBE: AUTOMATIC,
    facts.SMS: AUTOMATIC,
    facts.WECOM_TASK: STAFF,
}
SHOWN = tuple(STATE_OF_CARRIER)
# A reply may always wait in the web page, so for the summary the page counts only while open.
PROBE = Message(kind=facts.MESSAGE, priority="reply")


@dataclass(frozen=True, slots=True)
class Reach:
    """One carrier of one address. `reason` is set when it is closed."""

    carrier: str
    address_id: int
    account_id: int
    state: str
    until: datetime | None = None
    left: int | None = None
    limit: int | None = None
    reason: Reason | None = None
    # What this customer may still receive in the provider's running period, where it counts so.
    quota_left: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state == OPEN


def list_reach(
    person: Person, addresses: Sequence[AddressFacts], settings: GateSettings, at: datetime
) -> list[Reach]:
    """Return a line per carrier and address, open ones first."""
    if person.state in ("erased", "merged", "restricted"):
        return [
            closed(carrier, one, Reason(person.state))
            for one in addresses
            for carrier in shown_carriers(one)
        ]
    lines = [
        make_line(carrier, one, person, settings, at)
        for one in addresses
        for carrier in shown_carriers(one)
    ]
    order = (OPEN, AUTOMATIC, STAFF, CLOSED)
    return sorted(lines, key=lambda line: (order.index(line.state), SHOWN.index(line.carrier)))


def shown_carriers(address: AddressFacts) -> list[str]:
    offered = facts.CARRIERS_OF_ACCOUNT[address.account_kind]
    return [carrier for carrier in offered if carrier in STATE_OF_CARRIER]


def make_line(
    carrier: str, address: AddressFacts, person: Person, settings: GateSettings, at: datetime
) -> Reach:
    purpose = settings.carrier_purposes.get(carrier)
    if purpose is not None and purpose not in person.consents:
        return closed(carrier, address, Reason("no_carrier_consent"))
    answer = check_carrier(carrier, address, PROBE, settings, at)
    if isinstance(answer, Reason):
        return closed(carrier, address, answer)
    return opened(carrier, address, answer)


def closed(carrier: str, address: AddressFacts, reason: Reason) -> Reach:
    return Reach(carrier, address.address_id, address.account_id, CLOSED, reason=reason)


def opened(carrier: str, address: AddressFacts, opening: Opening) -> Reach:
    use = address.quotas.get(carrier)
    return Reach(
        carrier,
        address.address_id,
        address.account_id,
        STATE_OF_CARRIER[carrier],
        opening.until,
        opening.left,
        opening.limit,
        quota_left=use.left if use is not None and not use.is_shared else None,
    )


def after_sending(address: AddressFacts, carrier: str) -> AddressFacts:
    """Return the address as it stands after one more send, so one batch cannot overdraw it."""
    if carrier in (facts.KF_TEXT, facts.OA_TEXT, facts.MINI_TEXT):
        return replace(
            address,
            sent_since_message=address.sent_since_message + 1,
            sent_since_action=address.sent_since_action + 1,
        )
    if carrier == facts.MINI_SUBSCRIBE:
        return replace(address, ticks_left=max(0, address.ticks_left - 1))
    if carrier == facts.WECOM_TASK:
        return replace(address, tasks_today=address.tasks_today + 1)
    return address
