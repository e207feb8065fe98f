"""What the provider's list of contacts means: who is new, who came back, whose tags differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from lianxin.channels import queries, rules
from lianxin.channels.actions.addresses import settle_identity
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.actions.marks import note_seen
from lianxin.channels.actions.strangers import as_added, take_in_strangers
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.wecom.contacts import Contact
from lianxin.channels.models import Address, Relation
from lianxin.channels.queries.syncs import Known, ListedRelation
from lianxin.core import time

KnownRelations = Mapping[rules.Pair, ListedRelation]


class Taken(NamedTuple):
    """What came of some lines of a list."""

    added_count: int
    # False: it came too late to tell the tags of some, so those are to be looked at again.
    is_settled: bool


@transaction.atomic
def take_in_listed(account: AccountFacts, contacts: Sequence[Contact], read_at: datetime) -> Taken:
    """Take in what some lines of a list say; the same lines again change nothing."""
    known_ids, known = find_known(account, contacts)
    strangers, entries = take_in_strangers(
        account, [one for one in contacts if one.external_id not in known_ids]
    )
    rest = [one for one in contacts if one.pair not in strangers]
    if news := list_news(rest, known):
        entries = entries + take_in(account, news)
    # A new relation has no mark yet: without a tag on it there is nothing to compare.
    marked = [one for one in contacts if one.pair in strangers and one.tag_ids]
    if news or marked:
        known = find_known(account, rest + marked).relations
    is_settled = note_listed(account, rest + marked, known, read_at)
    return Taken(sum(one.name == "contact.added" for one in entries), is_settled)


@transaction.atomic
def settle_contact(
    account: AccountFacts,
    address: Address,
    contacts: Sequence[Contact],
    *,
    read_at: datetime,
    is_told: bool = True,
) -> None:
    """Keep what a look at one person showed; one asked for again meanwhile stays due.

    Not told means that the provider refused the look itself: nothing ends by that.
    """
    taken = take_in_listed(account, contacts, read_at)
    if is_told:
        settle_doubts(account, address, contacts, read_at)
    rows = Address.objects.filter(pk=address.pk)
    rows.update(union_asked_at=time.now())
    if taken.is_settled:
        rows.filter(read_due_at=address.read_due_at).update(read_due_at=None)


def settle_doubts(
    account: AccountFacts, address: Address, contacts: Sequence[Contact], read_at: datetime
) -> None:
    """End the relations that the provider's answers contradicted, if the look agrees."""
    met_at = {one.pair: one.added_at for one in contacts}
    rows = Relation.objects.filter(address=address, doubted_at__lte=read_at)
    ended = []
    for row in rows:
        pair = row.staff_userid, address.external_id
        at = row.doubted_at or read_at
        if by := rules.read_doubt(row.doubt, at, met_at.get(pair)):
            ended.append(as_ended(pair, by, at))
    if ended:
        take_in(account, ended)
    rows.update(doubted_at=None, doubt="")


def as_ended(pair: rules.Pair, by: str, at: datetime) -> Inbound:
    """Make the arrival of a leaving that no callback told."""
    staff_userid, external_id = pair
    return Inbound(
        event="contact.removed",
        arrival_key=f"unheard:{staff_userid}:{external_id}:{int(at.timestamp())}",
        occurred_at=at,
        kind=by,
        external_id=external_id,
        staff_userid=staff_userid,
    )


def find_known(account: AccountFacts, contacts: Iterable[Contact]) -> Known:
    return queries.find_known(account.hospital_id, account.id, [c.pair for c in contacts])


def list_news(contacts: Sequence[Contact], known: KnownRelations) -> list[Inbound]:
    """Return the arrivals of a page: who is new to us, and who came back."""
    news = []
    for contact in contacts:
        row = known.get(contact.pair)
        meaning = rules.read_listed(row.known if row else None, contact.added_at)
        if meaning == rules.ADDED:
            news.append(as_added(contact))
        elif meaning == rules.BACK:
            news.append(as_back(contact))
    return news


def note_listed(
    account: AccountFacts, contacts: Sequence[Contact], known: KnownRelations, read_at: datetime
) -> bool:
    """Remember that the list has these pairs, and what else it says about them.

    False: of some it came too late to tell their tags, so those are to be looked at again.
    """
    if not contacts:
        return True
    now = time.now()
    by_way: dict[int | None, list[int]] = {}
    identities: dict[int, str] = {}
    for contact in contacts:
        row = known.get(contact.pair)
        if row is None:
            continue
        by_way.setdefault(contact.add_way, []).append(row.relation_id)
        if contact.union_id and not row.union_id:
            identities[row.address_id] = contact.union_id
    for address in Address.objects.filter(pk__in=identities):
        settle_identity(address, identities[address.pk])
    for add_way, ids in by_way.items():
        rows = Relation.objects.filter(pk__in=ids)
        rows.update(listed_at=now, add_way=F("add_way") if add_way is None else add_way)
    return note_tags(account, contacts, known, read_at)


def note_tags(
    account: AccountFacts, contacts: Sequence[Contact], known: KnownRelations, read_at: datetime
) -> bool:
    """Take in the tags of those whose list differs from what we know: two queries, mostly."""
    tags = {tag.tag_id: tag.pk for tag in queries.list_markable(account.id)}
    expected = queries.expected_marks([row.relation_id for row in known.values()])
    late = []
    for contact in contacts:
        row = known.get(contact.pair)
        if row is None:
            continue
        seen = {tags[one] for one in contact.tag_ids if one in tags}
        kept_out = len(set(contact.tag_ids) - set(tags))
        is_same = seen == expected.get(row.relation_id, set()) and kept_out == row.kept_out_count
        if not is_same and not note_seen(row.relation_id, contact.tag_ids, read_at=read_at):
            late.append(row.address_id)
    if late:
        Address.objects.filter(pk__in=late).update(read_due_at=time.now())
    return not late


def as_back(contact: Contact) -> Inbound:
    """Make the arrival of somebody who was missing in a list and is there again."""
    now = time.now()
    key = f"back:{contact.staff_userid}:{contact.external_id}:{int(now.timestamp())}"
    return replace(as_added(contact), arrival_key=key, occurred_at=now, kind=rules.BACK)


def as_removed(row: Relation, at: datetime) -> Inbound:
    """Make the arrival of somebody whom the complete list does not have."""
    external_id = row.address.external_id
    return Inbound(
        event="contact.removed",
        arrival_key=f"gone:{row.staff_userid}:{external_id}:{int(at.timestamp())}",
        occurred_at=at,
        kind=rules.UNLISTED,
        external_id=external_id,
        staff_userid=row.staff_userid,
    )
