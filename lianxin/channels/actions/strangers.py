"""Taking in a page of people nobody knows yet: what one by one writes, written at once.

A first comparison lists a hundred thousand of them. Whom somebody else takes in meanwhile is left
to the ordinary way, which finds them there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from lianxin.channels import queries, rules
from lianxin.channels.actions.intake import Intake, tell_met
from lianxin.channels.actions.stays import Coming, begin_stays
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
from lianxin.channels.queries import links
from lianxin.core import events, time
from lianxin.core.events import Entry
from lianxin.core.rows import insert_columns
from lianxin.staff.queries import find_many_by_wecom

FULL = "full"


@transaction.atomic
def take_in_strangers(
    account: AccountFacts, contacts: Sequence[Contact]
) -> tuple[Collection[rules.Pair], list[Entry]]:
    """Take in some who have no address yet; returns their pairs, and the events recorded."""
    strangers = pick_strangers(contacts)
    return StrangersPage(account, strangers).take_in() if strangers else ((), [])


def pick_strangers(contacts: Iterable[Contact]) -> list[Contact]:
    """Return the first line of each person whose names are no longer than our columns."""
    first: dict[str, Contact] = {}
    for one in contacts:
        is_long = len(one.external_id) > EXTERNAL_ID_CHARACTERS
        if not is_long and len(key_of(one)) <= ARRIVAL_KEY_CHARACTERS:
            first.setdefault(one.external_id, one)
    return list(first.values())


def key_of(contact: Contact) -> str:
    """Return the key that a callback about the same meeting would have had."""
    created = int(contact.added_at.timestamp())
    return f"full:{contact.staff_userid}:{contact.external_id}:{created}"


def as_added(contact: Contact) -> Inbound:
    return Inbound(
        event="contact.added",
        arrival_key=key_of(contact),
        occurred_at=contact.added_at,
        kind=FULL,
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
        members = find_many_by_wecom(hospital_id, {one.staff_userid for one in contacts})
        self.staff_ids = {userid: member.pk for userid, member in members.items()}
        self.shared = {"hospital_id": hospital_id, "account_id": account.id}
        by_place = [state for state, code in self.codes.items() if state != code.state_key]
        places = links.find_places(hospital_id, by_place)
        self.place_ids = {key: place.pk for key, place in places.items()}

    def take_in(self) -> tuple[Collection[rules.Pair], list[Entry]]:
        """Write addresses, arrivals, relations and events; leave out whom others wrote first."""
        addresses = self.insert_addresses()
        held = [one for one in self.contacts if one.external_id in addresses]
        arrivals = self.insert_arrivals(held, addresses)
        taken = [(one, arrivals[key]) for one in held if (key := key_of(one)) in arrivals]
        self.insert_relations([one for one, _ in taken], addresses)
        begin_stays(
            self.intake.hospital_id,
            [
                Coming(
                    addresses[one.external_id],
                    self.code_id_of(one),
                    one.staff_userid,
                    one.added_at,
                )
                for one, _ in taken
            ],
        )
        for one, arrival_id in taken:
            tell_met(
                self.intake,
                addresses[one.external_id],
                arrival_id,
                code=self.code_of(one),
                staff_id=self.adder_of(one),
                kind=FULL,
            )
        events.record_many(self.intake.entries)
        return {one.pair for one, _ in taken}, self.intake.entries

    def insert_addresses(self) -> dict[str, int]:
        """Write the addresses; returns the ids of ours by the provider's id."""
        contacts = self.contacts
        varying: dict[str, list[Any]] = {
            "external_id": [one.external_id for one in contacts],
            "union_id": [one.union_id for one in contacts],
            "live_code_id": [self.code_id_of(one) for one in contacts],
            "staff_id": [self.adder_of(one) for one in contacts],
            "added_at": [one.added_at for one in contacts],
        }
        return insert_columns(
            Address, self.shared, varying, unique="external_id", ignore_conflicts=True
        )

    def insert_arrivals(
        self, contacts: Sequence[Contact], addresses: Mapping[str, int]
    ) -> dict[str, int]:
        """Write the arrivals, which say nothing that the other rows do not hold; ids by key."""
        shared = self.shared | {
            "event": "contact.added",
            "kind": FULL,
            "payload_sealed": b"",
            "received_at": self.intake.now,
        }
        varying: dict[str, list[Any]] = {
            "address_id": [addresses[one.external_id] for one in contacts],
            "live_code_id": [self.code_id_of(one) for one in contacts],
            "link_place_id": [self.place_ids.get(one.state) for one in contacts],
            "arrival_key": [key_of(one) for one in contacts],
            "occurred_at": [one.added_at for one in contacts],
        }
        return insert_columns(Arrival, shared, varying, unique="arrival_key", ignore_conflicts=True)

    def insert_relations(self, contacts: Sequence[Contact], addresses: Mapping[str, int]) -> None:
        shared = {
            "hospital_id": self.intake.hospital_id,
            "state": rules.add_relation(None, FULL).state,
            "listed_at": self.intake.now,
        }
        varying: dict[str, list[Any]] = {
            "address_id": [addresses[one.external_id] for one in contacts],
            "staff_userid": [one.staff_userid for one in contacts],
            "staff_id": [self.staff_ids.get(one.staff_userid) for one in contacts],
            "live_code_id": [self.code_id_of(one) for one in contacts],
            "added_at": [one.added_at for one in contacts],
            "add_way": [one.add_way for one in contacts],
        }
        insert_columns(Relation, shared, varying)

    def code_of(self, contact: Contact) -> LiveCode | None:
        return self.codes.get(contact.state)

    def code_id_of(self, contact: Contact) -> int | None:
        code = self.code_of(contact)
        return code.pk if code else None

    def adder_of(self, contact: Contact) -> int | None:
        """Return the member who added the person, or who stands behind the code."""
        code = self.code_of(contact)
        return self.staff_ids.get(contact.staff_userid) or (code.staff_id if code else None)
