"""The quota ledger: counted when taken on, given back when not taken, closed by real answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from lianxin.outreach.models import Delivery, Quota
from lianxin.outreach.queries.house import House, load_accounts
from lianxin.outreach.queries.quotas import first_day, load_quotas, period_end
from lianxin.outreach.rules import quotas

# The provider's own word that a quota is used up: of the account, of this customer.
ACCOUNT_FULL, CUSTOMER_FULL = "day_quota_full", "quota_full"
# Nearer than so many batches to a boundary, workers take turns and none steps over it.
NEAR_BATCHES = 16
LOCK_NAME = "outreach-quota:"

ADD = """
insert into outreach_quota (hospital_id, account_id, address_id, carrier, starts_on, used_count)
values (%s, %s, %s, %s, %s, %s)
on conflict (account_id, address_id, carrier, starts_on)
do update set used_count = outreach_quota.used_count + excluded.used_count
"""
CLOSE = """
insert into outreach_quota
    (hospital_id, account_id, address_id, carrier, starts_on, used_count, closed_until)
values (%s, %s, %s, %s, %s, 0, %s)
on conflict (account_id, address_id, carrier, starts_on)
do update set closed_until = greatest(outreach_quota.closed_until, excluded.closed_until)
"""
# Account, address or none, carrier.
Place = tuple[int, int | None, str]


def hold_short_quotas(house: House, batch: int) -> bool:
    """Tell whether some account's quota runs short; then one worker at a time takes from it.

    Far from the end nobody waits: what two workers take on at once does not reach it.
    """
    room = find_room(house)
    if room is None or room >= batch * NEAR_BATCHES:
        return False
    lock_ledger(house)
    return True


def lock_ledger(house: House) -> None:
    """Change several rows of a hospital's ledger alone. Always before any delivery is locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"{LOCK_NAME}{house.hospital_id}"],
        )


def find_room(house: House) -> int | None:
    uses = load_quotas(house, load_accounts(house.hospital_id).values(), ())
    return quotas.next_boundary(uses.shared().values(), house.settings.reserve)


def count_claimed(house: House, rows: Iterable[Delivery]) -> None:
    """Count what this batch takes on of quotas that whole accounts share."""
    claimed = (row for row in rows if row.state == Delivery.State.CLAIMED)
    add(house, Counter(place for row in claimed if (place := account_place(house, row))))


def give_back(house: House, rows: Iterable[Delivery]) -> None:
    """Take off what the provider did not take."""
    for place, count in sorted(
        Counter(place for row in rows if (place := account_place(house, row))).items(), key=order
    ):
        account_id, _address_id, carrier = place
        rows_of_account = Quota.objects.filter(account_id=account_id, address=None)
        rows_of_account.filter(
            carrier=carrier, starts_on=first_day(house, account_id, carrier)
        ).update(used_count=Greatest(F("used_count") - count, 0))


def count_arrived(house: House, row: Delivery) -> None:
    """Count one message that a customer received, where the quota is the customer's own."""
    if not row.account_id or not row.address_id:
        return
    rule = house.quota_rule(row.account_id, row.carrier)
    if rule is not None and rule.scope == quotas.ADDRESS:
        add(house, Counter([(row.account_id, row.address_id, row.carrier)]))


def note_refusals(house: House, rows: Iterable[Delivery], reasons: Mapping[int, str]) -> None:
    """Close what the provider says is used up, until its period ends."""
    closed: set[Place] = set()
    for row in rows:
        if reasons.get(row.pk) == ACCOUNT_FULL:
            # No more calls today: of a customer's own quota it says nothing.
            if place := account_place(house, row):
                closed.add(place)
        elif row.account_id and row.address_id and reasons.get(row.pk) == CUSTOMER_FULL:
            closed.add((row.account_id, row.address_id, row.carrier))
    with connection.cursor() as cursor:
        for place in sorted(closed, key=lambda one: order((one, 0))):
            account_id, _address_id, carrier = place
            if house.quota_rule(account_id, carrier) is not None:
                until = period_end(house, account_id, carrier)
                values = (*place, first_day(house, account_id, carrier), until)
                cursor.execute(CLOSE, [house.hospital_id, *values])


def add(house: House, counts: Mapping[Place, int]) -> None:
    """Add to the rows in one order, so that two workers wait for each other and never for ever."""
    with connection.cursor() as cursor:
        for place, count in sorted(counts.items(), key=order):
            values = (*place, first_day(house, place[0], place[2]), count)
            cursor.execute(ADD, [house.hospital_id, *values])


def account_place(house: House, row: Delivery) -> Place | None:
    if row.account_id is None:
        return None
    rule = house.quota_rule(row.account_id, row.carrier)
    if rule is None or rule.scope != quotas.ACCOUNT:
        return None
    return row.account_id, None, row.carrier


def order(item: tuple[Place, int]) -> tuple[int, int, str]:
    (account_id, address_id, carrier), _count = item
    return account_id, address_id or 0, carrier
