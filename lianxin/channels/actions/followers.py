"""What the list of followers means: who is new, who came back, who has gone without our hearing.

No step remembers where the list was: what was stored is known to the next run, which is quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from lianxin.channels import queries, rules
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.actions.intake import Intake, tell_added
from lianxin.channels.actions.stays import Coming, begin_stays
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.official_account.followers import Follower
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.models import EXTERNAL_ID_CHARACTERS, Account, Address, Arrival
from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.core.rows import insert_rows

LISTED = "listed"


@transaction.atomic
def store_followers(
    account: AccountFacts,
    open_ids: Sequence[str],
    strangers: Sequence[Follower],
    *,
    read_at: datetime,
) -> int:
    """Take in some ids of the list; returns how many are new or back. A repeat changes nothing."""
    added = take_in_followers(account, strangers, read_at)
    missed = queries.list_missed_followers(account.hospital_id, account.id, open_ids, read_at)
    entries = take_in(account, [as_back(address, read_at) for address in missed])
    rows = Address.objects.filter(hospital_id=account.hospital_id, account_id=account.id)
    rows.filter(external_id__in=open_ids).update(listed_at=read_at)
    return added + sum(one.name == "contact.added" for one in entries)


@transaction.atomic
def end_unfollowed(account: AccountFacts, since: datetime) -> int:
    """End some followers whom the complete list did not have; returns how many."""
    most = load_facts()["contact_sync_ending_rows"]
    lost = queries.list_unfollowed(account.hospital_id, account.id, since)[:most]
    return len(take_in(account, [as_gone(address, since) for address in lost]))


@transaction.atomic
def settle_followers(
    account: AccountFacts, *, seen: int, added: int, ended: int, is_complete: bool
) -> None:
    """Start the time until the next comparison, and say what this one changed."""
    Account.objects.filter(pk=account.id).update(reconciled_at=time.now())
    events.record(
        "followers.compared",
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.id,
        by=SystemActor(account.hospital_id),
        data={"seen": seen, "added": added, "ended": ended, "is_complete": is_complete},
    )


def take_in_followers(
    account: AccountFacts, followers: Iterable[Follower], read_at: datetime
) -> int:
    """Write addresses, arrivals and events of those who have no address yet, all at once."""
    first = {
        one.open_id: one for one in followers if 0 < len(one.open_id) <= EXTERNAL_ID_CHARACTERS
    }
    intake = Intake(account, time.now())
    codes = queries.find_codes_by_state(
        account.hospital_id, {one.scene for one in first.values() if one.scene}
    )
    addresses = [
        Address(
            hospital_id=account.hospital_id,
            account_id=account.id,
            external_id=one.open_id,
            union_id=one.union_id,
            union_asked_at=None if one.followed_at is None else intake.now,
            live_code=codes.get(one.scene),
            staff=codes[one.scene].staff if one.scene in codes else None,
            added_at=one.followed_at or read_at,
        )
        for one in first.values()
    ]
    written = insert_rows(addresses, unique="key", ignore_conflicts=True)
    arrivals = insert_rows(
        [make_arrival(address, read_at) for address in written],
        unique="arrival_key",
        ignore_conflicts=True,
    )
    for arrival in arrivals:
        if arrival.address is not None:
            tell_added(intake, arrival.address, arrival, is_new=True)
    begin_stays(
        account.hospital_id,
        [
            Coming(arrival.address_id, arrival.live_code_id, "", arrival.occurred_at)
            for arrival in arrivals
            if arrival.address_id is not None
        ],
    )
    events.record_many(intake.entries)
    return len(intake.entries)


def make_arrival(address: Address, read_at: datetime) -> Arrival:
    """Make the arrival under the key that the lost callback would have had."""
    followed = int(address.added_at.timestamp())
    return Arrival(
        hospital_id=address.hospital_id,
        account_id=address.account_id,
        address=address,
        live_code=address.live_code,
        event="contact.added",
        kind=LISTED,
        arrival_key=f"subscribe:{address.external_id}:{followed}",
        payload_sealed=b"",
        occurred_at=address.added_at,
        received_at=read_at,
    )


def as_back(address: Address, read_at: datetime) -> Inbound:
    return Inbound(
        event="contact.added",
        arrival_key=f"back:{address.external_id}:{int(read_at.timestamp())}",
        occurred_at=read_at,
        kind=LISTED,
        external_id=address.external_id,
    )


def as_gone(address: Address, since: datetime) -> Inbound:
    return Inbound(
        event="contact.removed",
        arrival_key=f"gone:{address.external_id}:{int(since.timestamp())}",
        occurred_at=since,
        kind=rules.UNLISTED,
        external_id=address.external_id,
    )
