"""Taking in a page of people nobody knows yet: what one by one writes, written at once.

A first comparison lists a hundred thousand of them. Whom somebody else takes in meanwhile is left
to the ordinary way, which finds them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from lianxin.channels import queries, rules
from lianxin.channels.actions.arrivals import Intake, take_in, tell_added
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.models import (
    ARRIVAL_KEY_CHARACTERS,
    EXTERNAL_ID_CHARACTERS,
    Address,
    Arrival,
    LiveCode,
    Relation,
)
from lianxin.core import events, time
from lianxin.core.events import Entry
from lianxin.core.rows import insert_rows
from lianxin.staff.models import Staff
from lianxin.staff.queries import find_many_by_wecom


@transaction.atomic
def take_in_listed(account: AccountFacts, inbounds: Sequence[Inbound]) -> list[Entry]:
    """Take in what a page of a list told; returns the events, as `take_in` does."""
    strangers = pick_strangers(account, inbounds)
    page = StrangersPage(account, strangers)
    taken, entries = page.take_in()
    rest = [one for one in inbounds if one.arrival_key not in taken]
    return entries + take_in(account, rest)


def pick_strangers(account: AccountFacts, inbounds: Iterable[Inbound]) -> list[Inbound]:
    """Return the first line of each person that has no address yet."""
    first: dict[str, Inbound] = {}
    for one in inbounds:
        fits = len(one.external_id) <= EXTERNAL_ID_CHARACTERS
        fits = fits and len(one.arrival_key) <= ARRIVAL_KEY_CHARACTERS
        if one.event == "contact.added" and one.staff_userid and fits:
            first.setdefault(one.external_id, one)
    known = queries.find_known_ids(account.hospital_id, account.id, first)
    return [one for external_id, one in first.items() if external_id not in known]


class StrangersPage:
    """The rows of some strangers of one account, made together."""

    def __init__(self, account: AccountFacts, inbounds: Sequence[Inbound]) -> None:
        self.intake = Intake(account, time.now())
        self.inbounds = inbounds
        hospital_id = account.hospital_id
        self.codes = queries.find_codes_by_state(hospital_id, {one.state for one in inbounds})
        self.staff = find_many_by_wecom(hospital_id, {one.staff_userid for one in inbounds})

    def take_in(self) -> tuple[set[str], list[Entry]]:
        """Write addresses, arrivals, relations and events; returns the keys taken in."""
        addresses = self.insert_addresses()
        arrivals = self.insert_arrivals(addresses)
        by_key = {one.arrival_key: one for one in self.inbounds}
        insert_rows([self.make_relation(by_key[one.arrival_key], one) for one in arrivals])
        for arrival in arrivals:
            tell_added(self.intake, addresses[arrival.arrival_key], arrival, is_new=True)
        events.record_many(self.intake.entries)
        return {arrival.arrival_key for arrival in arrivals}, self.intake.entries

    def insert_addresses(self) -> dict[str, Address]:
        """Write the addresses; returns those nobody else wrote, by the key of their arrival."""
        made = {one.external_id: self.make_address(one) for one in self.inbounds}
        written = insert_rows(list(made.values()), unique="key", ignore_conflicts=True)
        ours = {address.external_id: address for address in written}
        known = [one for one in self.inbounds if one.external_id in ours]
        return {one.arrival_key: ours[one.external_id] for one in known}

    def insert_arrivals(self, addresses: Mapping[str, Address]) -> list[Arrival]:
        known = [one for one in self.inbounds if one.arrival_key in addresses]
        made = [self.make_arrival(one, addresses[one.arrival_key]) for one in known]
        return insert_rows(made, unique="arrival_key", ignore_conflicts=True)

    def code_of(self, inbound: Inbound) -> LiveCode | None:
        return self.codes.get(inbound.state)

    def staff_of(self, inbound: Inbound) -> Staff | None:
        return self.staff.get(inbound.staff_userid)

    def make_address(self, inbound: Inbound) -> Address:
        code = self.code_of(inbound)
        return Address(
            hospital_id=self.intake.hospital_id,
            account_id=self.intake.account.id,
            external_id=inbound.external_id,
            union_id=inbound.union_id,
            live_code=code,
            staff=self.staff_of(inbound) or (code.staff if code else None),
            added_at=inbound.occurred_at,
        )

    def make_arrival(self, inbound: Inbound, address: Address) -> Arrival:
        """Make the line of a list: it says nothing that the other rows do not hold."""
        return Arrival(
            hospital_id=self.intake.hospital_id,
            account_id=self.intake.account.id,
            address=address,
            live_code=self.code_of(inbound),
            event=inbound.event,
            kind=inbound.kind,
            arrival_key=inbound.arrival_key,
            payload_sealed=b"",
            occurred_at=inbound.occurred_at,
            received_at=self.intake.now,
        )

    def make_relation(self, inbound: Inbound, arrival: Arrival) -> Relation:
        return Relation(
            hospital_id=self.intake.hospital_id,
            address=arrival.address,
            staff_userid=inbound.staff_userid,
            staff=self.staff_of(inbound),
            live_code=arrival.live_code,
            state=rules.add_relation(None, inbound.kind).state,
            added_at=inbound.occurred_at,
        )
