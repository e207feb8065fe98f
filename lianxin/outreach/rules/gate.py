"""The one gate: may this message reach this person now, by which carriers, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from lianxin.outreach.rules import facts
from lianxin.outreach.rules.caps import find_cap_reason
from lianxin.outreach.rules.carriers import check_carrier
from lianxin.outreach.rules.facts import (
    AddressFacts,
    Attempt,
    Message,
    Moment,
    Opening,
    Person,
    Reason,
    Refusal,
    Verdict,
)
from lianxin.outreach.rules.quiet import resume_after
from lianxin.outreach.rules.settings import GateSettings

Tried = frozenset[tuple[str, int]]


def decide(
    message: Message,
    person: Person,
    addresses: Sequence[AddressFacts],
    settings: GateSettings,
    moment: Moment,
    tried: Tried = frozenset(),
) -> Verdict:
    """Judge one message. `tried` are (carrier, address) pairs that already failed."""
    reason = find_reason(message, person, settings)
    if reason is not None:
        return refuse_whole(reason)
    not_before = find_not_before(message, settings, moment)
    at = not_before or moment.at
    if message.window_ends_at is not None and at >= message.window_ends_at:
        return refuse_whole(Reason("window_over"))
    if not addresses:
        return refuse_whole(Reason("no_address"))
    return choose_carriers(message, person, addresses, settings, at, not_before, tried)


def refuse_whole(reason: Reason) -> Verdict:
    return Verdict(refusals=(Refusal(reason),))


def find_reason(message: Message, person: Person, settings: GateSettings) -> Reason | None:
    """Return what forbids the message whatever the carrier; text first, as nothing is exempt."""
    return (
        find_text_reason(message)
        or find_person_reason(message, person, settings)
        or find_consent_reason(message, person, settings)
        or (
            None
            if settings.is_exempt(message.kind, "caps")
            else find_cap_reason(message, person.usage, settings)
        )
    )


def find_text_reason(message: Message) -> Reason | None:
    if message.findings:
        return Reason("wording", {"count": len(message.findings)})
    if message.lock_screen_names and message.kind != facts.REPLY:
        return Reason("names_illness", {"count": len(message.lock_screen_names)})
    return None


def find_person_reason(message: Message, person: Person, settings: GateSettings) -> Reason | None:
    if person.state in ("erased", "merged"):
        return Reason(person.state)
    if person.is_stopped and not settings.is_exempt(message.kind, "stopped"):
        return Reason("stopped")
    if person.state == "restricted" and not settings.is_exempt(message.kind, "restricted"):
        return Reason("restricted")
    if not person.is_verified and not settings.is_exempt(message.kind, "verified"):
        return Reason("unverified")
    return None


def find_consent_reason(message: Message, person: Person, settings: GateSettings) -> Reason | None:
    if settings.is_exempt(message.kind, "consent"):
        return None
    # A message that names no purpose has no consent: forgetting the purpose must not open the gate.
    return None if message.purpose in person.consents else Reason("no_consent")


def find_not_before(message: Message, settings: GateSettings, moment: Moment) -> datetime | None:
    """Return the later of the window's start and the end of quiet hours; None means now."""
    starts = message.window_starts_at
    is_early = starts is not None and starts > moment.at
    at = starts if starts is not None and is_early else moment.at
    if message.is_patient_set_time or settings.is_exempt(message.kind, "quiet"):
        return at if is_early else None
    resumed = resume_after(Moment(at, moment.zone), settings, message.key)
    return resumed or (at if is_early else None)


def order_addresses(message: Message, addresses: Sequence[AddressFacts]) -> list[AddressFacts]:
    """Put the address that the patient wrote from first, then the patient before family."""
    return sorted(
        addresses,
        key=lambda one: (one.address_id != message.answers_address_id, one.rank, one.address_id),
    )


def group_addresses(
    message: Message, addresses: Sequence[AddressFacts]
) -> list[list[AddressFacts]]:
    """Group by person; the address that the patient wrote from is a group of its own, first."""
    groups: dict[tuple[bool, int, int | None], list[AddressFacts]] = {}
    for one in order_addresses(message, addresses):
        is_asked = one.address_id == message.answers_address_id
        groups.setdefault((is_asked, one.rank, one.holder_id), []).append(one)
    return list(groups.values())


def list_ways(
    message: Message, addresses: Sequence[AddressFacts], settings: GateSettings
) -> Iterator[tuple[str, AddressFacts]]:
    """Yield every carrier at every address, best first: person by person, then by the order."""
    order = settings.orders[message.kind]
    for group in group_addresses(message, addresses):
        yield from (
            (carrier, one)
            for carrier in order
            for one in group
            if carrier in facts.list_carriers(one)
        )


def choose_carriers(
    message: Message,
    person: Person,
    addresses: Sequence[AddressFacts],
    settings: GateSettings,
    at: datetime,
    not_before: datetime | None,
    tried: Tried,
) -> Verdict:
    attempts: list[Attempt] = []
    refusals: list[Refusal] = []
    for carrier, one in list_ways(message, addresses, settings):
        if (carrier, one.address_id) in tried:
            continue
        answer = check_way(carrier, one, message, person, settings, at)
        if isinstance(answer, Opening):
            attempts.append(
                Attempt(
                    carrier,
                    one.account_id,
                    one.address_id,
                    one.holder_id,
                    answer.staff_id,
                    not_before,
                    answer.template_id,
                )
            )
        else:
            refusals.append(Refusal(answer, carrier, one.account_id, one.address_id, not attempts))
    if not attempts and not refusals:
        return refuse_whole(Reason("all_failed" if tried else "no_carrier"))
    return Verdict(tuple(attempts), tuple(refusals))


def check_way(
    carrier: str,
    address: AddressFacts,
    message: Message,
    person: Person,
    settings: GateSettings,
    at: datetime,
) -> Opening | Reason:
    purpose = settings.carrier_purposes.get(carrier)
    if purpose is not None and purpose not in person.consents:
        return Reason("no_carrier_consent")
    return check_carrier(carrier, address, message, settings, at)
