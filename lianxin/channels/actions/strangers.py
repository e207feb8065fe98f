"""Taking in a page of people nobody knows yet: what one by one writes, written at once.

A first comparison lists a hundred thousand of them. Whom somebody else takes in meanwhile is left
to the ordinary way, which finds them there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction

from lianxin.channels import queries, rules
from lianxin.channels.actions.arrivals import Intake, tell_added
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.wecom.contacts import Contact
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
def take_in_strangers(
    account: AccountFacts, contacts: Sequence[Contact]
) -> tuple[Collection[rules.Pair], list[Entry]]:
    """Take in those who have no address yet; returns their pairs, and the events recorded."""
    strangers = pick_strangers(account, contacts)
    return StrangersPage(account, strangers).take_in() if strangers else ((), [])


def pick_strangers(account: AccountFacts, contacts: Iterable[Contact]) -> list[Contact]:
    """Return the first line of each person that has no address yet."""
    first: dict[str, Contact] = {}
    for one in contacts:
        is_long = len(one.external_id) > EXTERNAL_ID_CHARACTERS
        if not is_long and len(key_of(one)) <= ARRIVAL_KEY_CHARACTERS:
            first.setdefault(one.external_id, one)
    known = queries.find_known_ids(account.hospital_id, account.id, first) if first else set()
    return [one for external_id, one in first.items() if external_id not in known]


def key_of(contact: Contact) -> str:
    """Return the key that a callback about the same meeting would have had."""
    created = int(contact.added_at.timestamp())
    return f"full:{contact.staff_userid}:{contact.external_id}:{created}"


def as_added(contact: Contact) -> Inbound:
    return Inbound(
        event="contact.added",
        arrival_key=key_of(contact),
        occurred_at=contact.added_at,
        kind="full",
        external_id=contact.external_id,
        staff_userid=contact.staff_userid,
        state=contact.state,
        union_id=contact.union_id,
    )


class StrangersPage:
    """The rows of some people of one account, each listed once, made together."""

    def __init__(self, account: AccountFacts, contacts: Sequence[Contact]) -> None:
        self.intake = Intake(account, time.now())
        self.contacts = contacts
        hospital_id = account.hospital_id
        self.codes = queries.find_codes_by_state(hospital_id, {one.state for one in contacts})
        self.staff = find_many_by_wecom(hospital_id, {one.staff_userid for one in contacts})

    def take_in(self) -> tuple[Collection[rules.Pair], list[Entry]]:
        """Write addresses, arrivals, relations and events; leave out whom others wrote first."""
        addresses = self.insert_addresses()
        arrivals = self.insert_arrivals(addresses)
        taken = [one for one in self.contacts if key_of(one) in arrivals]
        insert_rows([self.make_relation(one, addresses[one.external_id]) for one in taken])
        for one in taken:
            tell_added(self.intake, addresses[one.external_id], arrivals[key_of(one)], is_new=True)
        events.record_many(self.intake.entries)
        return {one.pair for one in taken}, self.intake.entries

    def insert_addresses(self) -> dict[str, Address]:
        """Write the addresses; returns ours by the provider's id."""
        made = [self.make_address(one) for one in self.contacts]
        written = insert_rows(made, unique="key", ignore_conflicts=True)
        return {address.external_id: address for address in written}

    def insert_arrivals(self, addresses: Mapping[str, Address]) -> dict[str, Arrival]:
        """Write the arrivals of these addresses; returns ours by their key."""
        held = [one for one in self.contacts if one.external_id in addresses]
        made = [self.make_arrival(one, addresses[one.external_id]) for one in held]
        written = insert_rows(made, unique="arrival_key", ignore_conflicts=True)
        return {arrival.arrival_key: arrival for arrival in written}

    def code_of(self, contact: Contact) -> LiveCode | None:
        return self.codes.get(contact.state)

    def staff_of(self, contact: Contact) -> Staff | None:
        return self.staff.get(contact.staff_userid)

    def make_address(self, contact: Contact) -> Address:
        code = self.code_of(contact)
        return Address(
            hospital_id=self.intake.hospital_id,
            account_id=self.intake.account.id,
            external_id=contact.external_id,
            union_id=contact.union_id,
            live_code=code,
            staff=self.staff_of(contact) or (code.staff if code else None),
            added_at=contact.added_at,
        )

    def make_arrival(self, contact: Contact, address: Address) -> Arrival:
        """Make the arrival of a line: it says nothing that the other rows do not hold."""
        return Arrival(
            hospital_id=self.intake.hospital_id,
            account_id=self.intake.account.id,
            address=address,
            live_code=self.code_of(contact),
            event="contact.added",
            kind="full",
            arrival_key=key_of(contact),
            payload_sealed=b"",
            occurred_at=contact.added_at,
            received_at=self.intake.now,
        )

    def make_relation(self, contact: Contact, address: Address) -> Relation:
        return Relation(
            hospital_id=self.intake.hospital_id,
            address=address,
            staff_userid=contact.staff_userid,
            staff=self.staff_of(contact),
            live_code=self.code_of(contact),
            state=rules.add_relation(None, "full").state,
            added_at=contact.added_at,
            add_way=contact.add_way,
            listed_at=self.intake.now,
        )
