"""What is used of the providers' quotas in their running periods."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db.models import Q

from lianxin.channels.models import Account
from lianxin.channels.queries import list_outside_sends, spending_of
from lianxin.outreach.models import Delivery, Quota
from lianxin.outreach.queries.house import House
from lianxin.outreach.rules import quotas
from lianxin.outreach.rules.facts import CARRIERS_OF_ACCOUNT, SMS, WECOM_TASK, QuotaUse
from lianxin.outreach.rules.settings import QuotaRule


def load_quotas(house: House, accounts: Iterable[Account], address_ids: Collection[int]) -> Uses:
    """Read the running periods of these accounts and addresses, with one query."""
    known = list(accounts)
    uses = Uses({one.pk: start_all(house, one) for one in known})
    if any(uses.by_account.values()):
        starts = {
            first_day(house, account_id, carrier)
            for account_id, own in uses.by_account.items()
            for carrier in own
        }
        rows = Quota.objects.filter(
            Q(address=None) | Q(address_id__any_of=address_ids),
            hospital_id=house.hospital_id,
            account_id__any_of=list(uses.by_account),
            starts_on__in=starts,
        )
        for row in rows:
            if row.carrier not in uses.by_account[row.account_id]:
                continue
            if row.starts_on == first_day(house, row.account_id, row.carrier):
                uses.note(row)
        note_outside_sends(house, uses, address_ids)
    add_money(house, uses, [one.pk for one in known if one.kind == Account.Kind.SMS])
    return uses


def note_outside_sends(house: House, uses: Uses, address_ids: Collection[int]) -> None:
    """Count what customers received of mass tasks that were not made here: one quota for all."""
    by_day: dict[date, list[int]] = {}
    for account_id, own in uses.by_account.items():
        if WECOM_TASK in own and not own[WECOM_TASK].is_shared:
            by_day.setdefault(first_day(house, account_id, WECOM_TASK), []).append(account_id)
    for day, accounts in by_day.items() if address_ids else ():
        since = start_of(house, day)
        for address_id, account_id, count in list_outside_sends(accounts, address_ids, since):
            own = uses.by_address.setdefault(address_id, {})
            use = own.get(WECOM_TASK, uses.by_account[account_id][WECOM_TASK])
            own[WECOM_TASK] = replace(use, used=use.used + count)


def add_money(house: House, uses: Uses, account_ids: Collection[int]) -> None:
    """Count budgets of money as messages; what is on its way is counted as sent."""
    today = house.moment.local.date()
    spending = spending_of(house.hospital_id, account_ids, today)
    for account_id, money in spending.items():
        counts = money.as_messages()
        if counts is not None:
            limit, used = counts
            under_way = Delivery.objects.of(house.hospital_id).filter(
                account_id=account_id, carrier=SMS, state=Delivery.State.CLAIMED
            )
            uses.by_account[account_id][SMS] = QuotaUse(
                limit=limit, used=used + under_way.count(), is_shared=True, is_money=True
            )


def start_all(house: House, account: Account) -> dict[str, QuotaUse]:
    """Return the quotas of an account with nothing used."""
    today = house.moment.local.date()
    rules = {
        carrier: house.quota_rule(account.pk, carrier)
        for carrier in CARRIERS_OF_ACCOUNT[account.kind]
    }
    return {
        carrier: QuotaUse(
            limit=quotas.limit_on(rule, today),
            is_shared=rule.scope == quotas.ACCOUNT,
            every=rule.every,
        )
        for carrier, rule in rules.items()
        if rule is not None
    }


def first_day(house: House, account_id: int, carrier: str) -> date:
    """Return the first day of the running period of a quota that there is."""
    return quotas.first_day(known_rule(house, account_id, carrier), house.moment.local.date())


def period_end(house: House, account_id: int, carrier: str) -> datetime:
    rule = known_rule(house, account_id, carrier)
    return start_of(house, quotas.next_first_day(rule, house.moment.local.date()))


def known_rule(house: House, account_id: int, carrier: str) -> QuotaRule:
    rule = house.quota_rule(account_id, carrier)
    if rule is None:
        raise KeyError(carrier)
    return rule


def start_of(house: House, day: date) -> datetime:
    return house.day_start.replace(year=day.year, month=day.month, day=day.day)


@dataclass
class Uses:
    """The quotas of a batch by account and carrier; an address with rows has its own.

    Live: what the batch takes on is counted at once, for all addresses of the account.
    """

    by_account: dict[int, dict[str, QuotaUse]] = field(default_factory=dict)
    by_address: dict[int, dict[str, QuotaUse]] = field(default_factory=dict)

    def note(self, row: Quota) -> None:
        of_account = self.by_account[row.account_id]
        use = replace(of_account[row.carrier], used=row.used_count, closed_until=row.closed_until)
        if row.address_id is None:
            of_account[row.carrier] = use
        else:
            self.by_address.setdefault(row.address_id, {})[row.carrier] = use

    def at(self, account_id: int, address_id: int) -> Mapping[str, QuotaUse]:
        """Return the quotas that hold at one address, by carrier."""
        own = self.by_address.get(address_id)
        shared = self.by_account[account_id]
        return ChainMap(own, shared) if own else shared

    def count(self, account_id: int, carrier: str) -> None:
        """Count one message taken on. A customer's own quota is counted when it arrives."""
        of_account = self.by_account.get(account_id, {})
        use = of_account.get(carrier)
        if use is not None and use.is_shared:
            of_account[carrier] = replace(use, used=use.used + 1)

    def shared(self) -> dict[tuple[int, str], QuotaUse]:
        """Return the quotas that whole accounts share, by account and carrier."""
        return {
            (account_id, carrier): use
            for account_id, uses in self.by_account.items()
            for carrier, use in uses.items()
            if use.is_shared
        }
