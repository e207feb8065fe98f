"""Reachable now, until when, how often still: one line per carrier for headers and the inbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lianxin.outreach.rules import facts
from lianxin.outreach.rules.carriers import check_carrier
from lianxin.outreach.rules.facts import (
    AddressFacts,
    Message,
    NoticeFacts,
    Opening,
    Person,
    Reason,
)
from lianxin.outreach.rules.settings import GateSettings

# What staff can count on: a conversation is open, it goes out by itself, or a person must confirm.
OPEN = "open"
AUTOMATIC = "automatic"
STAFF = "staff"
CLOSED = "closed"
# Not a carrier that is closed, but one that leads to no address of hers.
UNJOINED = "unjoined"

STATE_OF_CARRIER = {
    facts.KF_TEXT: OPEN,
    facts.OA_TEXT: OPEN,
    facts.MINI_TEXT: OPEN,
    facts.WEBCHAT: OPEN,
    facts.OA_SUBSCRIBE: AUTOMATIC,
    facts.OA_TEMPLATE: AUTOMATIC,
    facts.MINI_SUBSCRIBE: AUTOMATIC,
    facts.SMS: AUTOMATIC,
    facts.WECOM_TASK: STAFF,
}
SHOWN = tuple(STATE_OF_CARRIER)
# Nobody writes to them, however open a carrier is.
UNREACHED = ("erased", "merged", "restricted")
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
    quota_every: str = ""
    # What the platform calls the notices, where the carrier has several kinds.
    title: str = ""

    @property
    def is_open(self) -> bool:
        return self.state == OPEN


def list_reach(
    person: Person, addresses: Sequence[AddressFacts], settings: GateSettings, at: datetime
) -> list[Reach]:
    """Return a line per carrier and address, open ones first."""
    if person.state in UNREACHED:
        return [
            closed(carrier, one, Reason(person.state))
            for one in addresses
            for carrier in shown_carriers(one)
        ]
    lines = [
        line
        for one in addresses
        for carrier in shown_carriers(one)
        for line in make_lines(carrier, one, person, settings, at)
    ]
    order = (OPEN, AUTOMATIC, STAFF, CLOSED)
    return sorted(lines, key=lambda line: (order.index(line.state), SHOWN.index(line.carrier)))


def list_unjoined(
    person: Person, addresses: Sequence[AddressFacts], kinds_in_use: Iterable[str]
) -> list[str]:
    """Return the kinds of account that the hospital has and the person never came to."""
    if person.state in UNREACHED:
        return []
    joined = {one.account_kind for one in addresses}
    used = set(kinds_in_use)
    return [kind for kind in facts.JOINABLE if kind in used and kind not in joined]


def shown_carriers(address: AddressFacts) -> list[str]:
    return [carrier for carrier in facts.list_carriers(address) if carrier in STATE_OF_CARRIER]


def make_lines(
    carrier: str, address: AddressFacts, person: Person, settings: GateSettings, at: datetime
) -> list[Reach]:
    """Return one line, or one for each kind of notice that the account has."""
    if carrier != facts.OA_SUBSCRIBE:
        return [make_line(carrier, address, person, settings, at)]
    return [make_notice_line(address, one, settings, at) for one in address.notices]


def make_notice_line(
    address: AddressFacts, notice: NoticeFacts, settings: GateSettings, at: datetime
) -> Reach:
    probe = replace(PROBE, priority=min(notice.uses))
    alone = replace(address, notices=(notice,))
    answer = check_carrier(facts.OA_SUBSCRIBE, alone, probe, settings, at)
    if isinstance(answer, Reason):
        line = closed(facts.OA_SUBSCRIBE, address, answer)
    else:
        line = opened(facts.OA_SUBSCRIBE, address, answer)
    return replace(line, title=notice.title)


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
        quota_every=use.every if use is not None else "",
    )


def after_sending(address: AddressFacts, carrier: str, template_id: str = "") -> AddressFacts:
    """Return the address as it stands after one more send, so one batch cannot overdraw it."""
    if carrier in (facts.KF_TEXT, facts.OA_TEXT, facts.MINI_TEXT):
        return replace(
            address,
            sent_since_message=address.sent_since_message + 1,
            sent_since_action=address.sent_since_action + 1,
        )
    if carrier == facts.MINI_SUBSCRIBE:
        return replace(address, ticks_left=max(0, address.ticks_left - 1))
    if carrier == facts.OA_SUBSCRIBE:
        notices = (after_notice(one, template_id) for one in address.notices)
        return replace(address, notices=tuple(notices))
    if carrier == facts.WECOM_TASK:
        return replace(address, tasks_today=address.tasks_today + 1)
    return address


def after_notice(notice: NoticeFacts, template_id: str) -> NoticeFacts:
    if notice.template_id != template_id or notice.is_long_term:
        return notice
    left = max(0, notice.left - 1)
    return replace(notice, left=left, reason="" if left else facts.NOTICE_USED)
