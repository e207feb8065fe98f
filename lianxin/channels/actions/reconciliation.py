"""The second source: what the providers' lists say, because callbacks get lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from lianxin.channels import queries, rules
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.wecom.calls import Contact
from lianxin.channels.models import Account
from lianxin.core import time


@transaction.atomic
def store_page(account: AccountFacts, inbounds: Iterable[Inbound], *, cursor: str) -> None:
    """Take in one page of messages and move the cursor, both or neither."""
    take_in(account, inbounds)
    Account.objects.filter(pk=account.id).update(sync_cursor=cursor, reconciled_at=time.now())


@transaction.atomic
def take_in_listed(
    account: AccountFacts, contacts: Sequence[Contact], *, listed_members: Sequence[str]
) -> tuple[int, int]:
    """Add the contacts that never reached us, end the ones that are gone: (added, ended).

    Only members that were listed completely are compared; nobody else loses a contact.
    """
    known = queries.list_relation_pairs(account.hospital_id, account.id)
    by_pair = {(one.staff_userid, one.external_id): one for one in contacts}
    members = set(listed_members)
    missing = rules.find_missing(known, by_pair)
    lost = {pair for pair in rules.find_lost(known, by_pair) if pair[0] in members}
    added = [as_added(by_pair[pair]) for pair in sorted(missing)]
    ended = [as_removed(pair) for pair in sorted(lost)]
    take_in(account, [*added, *ended])
    Account.objects.filter(pk=account.id).update(reconciled_at=time.now())
    return len(added), len(ended)


def as_added(contact: Contact) -> Inbound:
    """Make the arrival under the key the callback would have had."""
    created = int(contact.added_at.timestamp())
    return Inbound(
        event="contact.added",
        arrival_key=f"full:{contact.staff_userid}:{contact.external_id}:{created}",
        occurred_at=contact.added_at,
        kind="full",
        external_id=contact.external_id,
        staff_userid=contact.staff_userid,
        state=contact.state,
        union_id=contact.union_id,
    )


def as_removed(pair: rules.Pair) -> Inbound:
    at = time.now()
    return Inbound(
        event="contact.removed",
        arrival_key=f"gone:{pair[0]}:{pair[1]}:{int(at.timestamp())}",
        occurred_at=at,
        kind="unlisted",
        external_id=pair[1],
        staff_userid=pair[0],
    )
