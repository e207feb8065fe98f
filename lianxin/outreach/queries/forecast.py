"""What a planned send would meet: asked of the gate for everybody, sent to nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Max, Q, Sum

from lianxin.channels.models import Account
from lianxin.channels.queries.api_uses import list_held_accounts
from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError
from lianxin.outreach.models import Delivery, Quota
from lianxin.outreach.queries.house import House, load_accounts, load_house
from lianxin.outreach.queries.inputs import load_inputs
from lianxin.outreach.queries.quotas import load_quotas
from lianxin.outreach.queries.reach import Said, carrier_word, limit_words, say
from lianxin.outreach.rules import gate, quotas
from lianxin.outreach.rules.facts import (
    CARRIERS_OF_ACCOUNT,
    Attempt,
    Message,
    Reason,
    Verdict,
)
from lianxin.outreach.rules.settings import QuotaRule
from lianxin.patients.models import Patient
from lianxin.staff.queries import names_of_staff

CHUNK = 1000
# More people than a page can wait for; a larger send is forecast part by part.
MOST_PEOPLE = 10_000
QUOTA_REASONS = {
    "quota_closed",
    "quota_used_up",
    "quota_reserved",
    "budget_used_up",
    "budget_reserved",
}
# Who goes first where not everybody fits.
LONGEST_WITHOUT, NEWEST_DISCHARGE = "longest_without", "newest_discharge"

# Account and carrier.
Shared = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a send is meant for; empty words narrow nothing."""

    department: str = ""
    team: str = ""
    stage: str = ""
    first: str = LONGEST_WITHOUT


@dataclass
class Forecast:
    """How many would go by which way, and why the others would not."""

    chosen: int = 0
    later: int = 0
    by_carrier: Counter[str] = field(default_factory=Counter)
    by_staff: Counter[int] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Reason] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        return sum(self.by_reason.values())

    @property
    def reachable(self) -> int:
        return self.chosen - self.refused

    def carriers(self) -> list[tuple[str, int]]:
        return [(carrier_word(carrier), n) for carrier, n in self.by_carrier.most_common()]

    def said(self) -> list[tuple[Said, int]]:
        return [(say(self.reasons[code]), n) for code, n in self.by_reason.most_common()]

    def staff(self, hospital_id: int) -> list[tuple[str, int]]:
        names = names_of_staff(hospital_id, set(self.by_staff))
        return [(names.get(pk, ""), n) for pk, n in self.by_staff.most_common()]


def choose_people(actor: Actor, audience: Audience) -> list[int]:
    """Return the ids of an audience's living patients, whoever goes first before the others."""
    if not actor.may("send.read"):
        raise ForbiddenError
    named = {
        "department__key": audience.department,
        "team__key": audience.team,
        "stage": audience.stage,
    }
    people = Patient.objects.of(actor.hospital_id).filter(state=Patient.State.ACTIVE)
    people = people.filter(**{name: value for name, value in named.items() if value})
    if audience.first == NEWEST_DISCHARGE:
        people = people.order_by(F("discharged_on").desc(nulls_last=True), "pk")
        return list(people.values_list("pk", flat=True)[: MOST_PEOPLE + 1])
    ids = list(people.order_by("pk").values_list("pk", flat=True)[: MOST_PEOPLE + 1])
    if len(ids) > MOST_PEOPLE:
        return ids
    last = dict(
        Delivery.objects.of(actor.hospital_id)
        .filter(patient_id__any_of=ids, state__in=Delivery.ARRIVED)
        .values_list("patient_id")
        .annotate(at=Max("created_at"))
        .order_by()
    )
    return sorted(ids, key=lambda pk: (pk in last, last.get(pk), pk))


def forecast(hospital_id: int, message: Message, patient_ids: Sequence[int]) -> Forecast:
    """Ask the gate about every patient in this order, with what the accounts still let through.

    Nothing is written. The same questions are asked again when it is sent.
    """
    house = load_house(hospital_id)
    rooms = load_rooms(house, message)
    found = Forecast(chosen=len(patient_ids))
    for ids in in_chunks(patient_ids):
        inputs = load_inputs(house, ids)
        for patient_id in ids:
            verdict = gate.decide(
                message,
                inputs.person(patient_id),
                inputs.addresses(patient_id, None),
                house.settings,
                house.moment,
            )
            note(found, verdict, take_room(verdict, rooms), house.now)
    return found


def load_rooms(house: House, message: Message) -> dict[Shared, int]:
    uses = load_quotas(house, load_accounts(house.hospital_id).values(), ())
    reserve = house.settings.reserve
    return {
        place: quotas.room_for(use, message.priority, reserve, house.now)
        for place, use in uses.shared().items()
    }


def take_room(verdict: Verdict, rooms: dict[Shared, int]) -> Attempt | None:
    """Choose the first way that still has room, and use the room up."""
    for way in verdict.attempts:
        place = (way.account_id, way.carrier)
        if place not in rooms:
            return way
        if rooms[place]:
            rooms[place] -= 1
            return way
    return None


def note(found: Forecast, verdict: Verdict, way: Attempt | None, now: datetime) -> None:
    if way is None:
        reason = main_reason(verdict)
        found.by_reason[reason.code] += 1
        found.reasons.setdefault(reason.code, reason)
        return
    found.by_carrier[way.carrier] += 1
    if way.not_before is not None and way.not_before > now:
        found.later += 1
    if way.staff_id is not None:
        found.by_staff[way.staff_id] += 1


def main_reason(verdict: Verdict) -> Reason:
    """Name what staff can act on: a quota before anything else, then the best way's reason."""
    if verdict.attempts:
        return Reason("quota_short")
    reasons = [refusal.reason for refusal in verdict.refusals]
    return next((one for one in reasons if one.code in QUOTA_REASONS), reasons[0])


def in_chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


# ---- the ledger as a page shows it --------------------------------------------------------


@dataclass(frozen=True)
class QuotaLine:
    """One quota that a whole account shares."""

    account: str
    carrier: str
    used: int
    limit: int
    kept: int
    closed_until: datetime | None


@dataclass(frozen=True)
class CustomerQuotas:
    """The quotas that customers have each for themselves, counted together."""

    carrier: str
    limit: str
    sent: int
    closed: int


def list_quotas(actor: Actor) -> list[QuotaLine]:
    if not actor.may("send.read"):
        raise ForbiddenError
    house = load_house(actor.hospital_id)
    accounts = load_accounts(house.hospital_id)
    active = [account for account in accounts.values() if account.is_active]
    return [
        QuotaLine(
            account=accounts[account_id].name,
            carrier=carrier_word(carrier),
            used=use.used,
            limit=use.limit,
            kept=quotas.kept_back(use.limit, house.settings.reserve),
            closed_until=use.closed_until
            if use.closed_until and use.closed_until > house.now
            else None,
        )
        for (account_id, carrier), use in load_quotas(house, active, ()).shared().items()
    ]


def count_customer_quotas(actor: Actor) -> list[CustomerQuotas]:
    """Count what customers received in the running period, and how many can get no more."""
    if not actor.may("send.read"):
        raise ForbiddenError
    house = load_house(actor.hospital_id)
    today = house.moment.local.date()
    accounts = load_accounts(house.hospital_id).values()
    by_rule: dict[tuple[str, QuotaRule], list[Account]] = {}
    for account in accounts:
        for carrier in CARRIERS_OF_ACCOUNT[account.kind] if account.is_active else ():
            rule = house.quota_rule(account.pk, carrier)
            if rule is not None and rule.scope == quotas.ADDRESS:
                by_rule.setdefault((carrier, rule), []).append(account)
    lines = []
    for (carrier, rule), own in by_rule.items():
        limit = quotas.limit_on(rule, today)
        full = Q(used_count__gte=limit) | Q(closed_until__gt=house.now)
        rows = Quota.objects.filter(
            hospital_id=house.hospital_id,
            account_id__any_of=[one.pk for one in own],
            carrier=carrier,
            starts_on=quotas.first_day(rule, today),
        ).exclude(address=None)
        counts = rows.aggregate(sent=Sum("used_count"), closed=Count("pk", filter=full))
        lines.append(
            CustomerQuotas(
                carrier_word(carrier),
                limit_words(rule.every, limit),
                counts["sent"] or 0,
                counts["closed"],
            )
        )
    return lines


def list_held(actor: Actor) -> list[tuple[Account, datetime]]:
    """Return the accounts whose platform holds them back now, and until when."""
    if not actor.may("send.read"):
        raise ForbiddenError
    return list_held_accounts(actor.hospital_id, time.now())
