"""What the gate must know, for any number of people with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from lianxin.channels import queries as channels
from lianxin.channels.models import Account, Relation
from lianxin.channels.queries.subscribe_templates import (
    NEVER,
    Standing,
    UsedTemplate,
    list_used_templates,
    standing_of_ticks,
)
from lianxin.compliance.queries import consents_of
from lianxin.core import time
from lianxin.outreach.models import Delivery, StaffConfirmation
from lianxin.outreach.queries.house import House, load_accounts
from lianxin.outreach.queries.quotas import Uses, load_quotas
from lianxin.outreach.rules.facts import (
    WECOM_TASK,
    AddressFacts,
    NoticeFacts,
    Person,
    StaffFacts,
    Usage,
)
from lianxin.patients import rules as patient_rules
from lianxin.patients.models import HolderAddress, Holding, Patient

RELATION_RANKS = {"self": 0, "family": 1, "carer": 2}
# A holder of whom nobody is verified yet: may be answered, welcomed and warned, nothing else.
STRANGER = Person(is_verified=False)
WEEK_DAYS, MONTH_DAYS = 7, 30
COUNTED_STATES = (*Delivery.UNFINISHED, *Delivery.ARRIVED)

Held = tuple[int, int]  # holder id, rank


@dataclass
class GateInputs:
    """Everything about the people of one batch. Kept up to date while the batch is judged."""

    house: House
    accounts: dict[int, Account]
    persons: dict[int, Person] = field(default_factory=dict)
    addresses_by_patient: dict[int, list[AddressFacts]] = field(default_factory=dict)
    addresses_by_holder: dict[int, list[AddressFacts]] = field(default_factory=dict)
    external_ids: dict[int, str] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)
    # By account and template: which of our words each key of a subscribe notice carries.
    notice_words: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)

    def person(self, patient_id: int | None) -> Person:
        return self.persons.get(patient_id, STRANGER) if patient_id else STRANGER

    def addresses(self, patient_id: int | None, holder_id: int | None) -> list[AddressFacts]:
        """Return the holder's own addresses if one is named, else those of all who hold."""
        if holder_id is not None:
            return self.addresses_by_holder.get(holder_id, [])
        return self.addresses_by_patient.get(patient_id or 0, [])


def load_inputs(
    house: House, patient_ids: Collection[int], holder_ids: Collection[int] = ()
) -> GateInputs:
    persons = load_persons(house, patient_ids)
    return fill_inputs(house, persons, load_holders(house, persons), holder_ids)


def load_known(
    house: House, patient: Patient, consents: frozenset[str], holdings: Iterable[Holding]
) -> GateInputs:
    """Load how one patient can be reached whose row, consents and open holdings are known.

    What went out already is not counted: by which ways she is reachable does not hang on it.
    """
    facts = (patient.pk, patient.state, patient.stopped_at, patient.stop_reason)
    held = [(h.holder_id, RELATION_RANKS[h.relation]) for h in holdings if h.holder.is_active]
    return fill_inputs(
        house, {patient.pk: make_person(facts, consents, Usage())}, {patient.pk: held}, ()
    )


def fill_inputs(
    house: House,
    persons: dict[int, Person],
    held: dict[int, list[Held]],
    holder_ids: Collection[int],
) -> GateInputs:
    inputs = GateInputs(house, load_accounts(house.hospital_id), persons)
    wanted = {holder_id for holders in held.values() for holder_id, _rank in holders}
    load_addresses(inputs, wanted | set(holder_ids))
    for patient_id, holders in held.items():
        inputs.addresses_by_patient[patient_id] = [
            replace(one, rank=rank) if rank else one
            for holder_id, rank in holders
            for one in inputs.addresses_by_holder.get(holder_id, ())
        ]
    return inputs


# ---- people -------------------------------------------------------------------------------


def load_persons(house: House, patient_ids: Collection[int]) -> dict[int, Person]:
    if not patient_ids:
        return {}
    rows = Patient.objects.of(house.hospital_id).filter(pk__any_of=patient_ids)
    granted = consents_of(house.hospital_id, patient_ids)
    usage = load_usage(house, patient_ids)
    nobody: frozenset[str] = frozenset()
    return {
        facts[0]: make_person(facts, granted.get(facts[0], nobody), usage.get(facts[0], Usage()))
        for facts in rows.values_list("pk", "state", "stopped_at", "stop_reason")
    }


def make_person(
    facts: tuple[int, str, datetime | None, str], consents: frozenset[str], usage: Usage
) -> Person:
    _pk, state, stopped_at, stop_reason = facts
    return Person(
        state=state,
        is_verified=True,
        is_stopped=stopped_at is not None,
        stop_reason=stop_reason,
        consents=consents,
        usage=usage,
    )


def load_usage(house: House, patient_ids: Collection[int]) -> dict[int, Usage]:
    """Count what went out or is under way, in hospital days: today, 7 and 30 days."""
    rows = (
        Delivery.objects.of(house.hospital_id)
        .filter(
            patient_id__any_of=patient_ids,
            is_counted=True,
            state__in=COUNTED_STATES,
            created_at__gte=house.days_back(MONTH_DAYS - 1),
        )
        .values_list("patient_id", "priority")
        .annotate(
            today=Count("pk", filter=Q(created_at__gte=house.day_start)),
            week=Count("pk", filter=Q(created_at__gte=house.days_back(WEEK_DAYS - 1))),
            month=Count("pk"),
        )
        .order_by()
    )
    counts: dict[int, list[tuple[str, int, int, int]]] = {}
    for patient_id, priority, today, week, month in rows:
        counts.setdefault(patient_id or 0, []).append((priority, today, week, month))
    return {
        patient_id: Usage(
            sum(today for _, today, _, _ in lines),
            {priority: today for priority, today, _, _ in lines},
            {priority: week for priority, _, week, _ in lines},
            {priority: month for priority, _, _, month in lines},
        )
        for patient_id, lines in counts.items()
    }


def load_holders(house: House, patient_ids: Collection[int]) -> dict[int, list[Held]]:
    """Return who may hold the phone for each patient today, the patient's own phone first."""
    if not patient_ids:
        return {}
    rows = Holding.objects.filter(
        hospital_id=house.hospital_id,
        patient_id__any_of=patient_ids,
        state=Holding.State.VERIFIED,
        holder__is_active=True,
    ).values_list(
        "patient_id",
        "holder_id",
        "relation",
        "verified_at",
        "patient__state",
        "patient__birth_on",
    )
    today = house.moment.local.date()
    held: dict[int, list[Held]] = {}
    for patient_id, holder_id, relation, verified_at, state, birth_on in rows.order_by("pk"):
        facts = patient_rules.HoldingFacts(
            relation=relation,
            state="verified",
            verified_on=time.local(house.hospital, verified_at).date() if verified_at else None,
            patient_state=state,
            birth_on=birth_on,
        )
        if patient_rules.may_hold(facts, today) == "yes":
            held.setdefault(patient_id, []).append((holder_id, RELATION_RANKS[relation]))
    return held


# ---- addresses ----------------------------------------------------------------------------


def load_addresses(inputs: GateInputs, holder_ids: Iterable[int]) -> None:
    rows = list(
        HolderAddress.objects.filter(
            hospital_id=inputs.house.hospital_id, holder_id__any_of=set(holder_ids)
        )
        .order_by("pk")
        .values_list(
            "holder_id",
            "address_id",
            "address__account_id",
            "address__state",
            "address__external_id",
            "address__last_inbound_at",
            "address__sent_since_inbound_count",
            "address__session_state",
            "address__last_action_at",
            "address__sent_since_action_count",
        )
    )
    contacts = [row[1] for row in rows if inputs.accounts[row[2]].kind == Account.Kind.WECOM]
    staff = load_staff(inputs.house, contacts)
    tasks = count_tasks_by_address(inputs.house, contacts)
    ticks = load_ticks(inputs, rows)
    notices = load_notices(inputs, rows)
    used = {row[2] for row in rows}
    inputs.uses = load_quotas(inputs.house, (inputs.accounts[pk] for pk in used), contacts)
    for row in rows:
        one = make_address_facts(inputs, row, staff.get(row[1], ()), tasks.get(row[1], 0))
        if (left := ticks.get((one.address_id, one.template_id), 0)) > 0:
            one = replace(one, ticks_left=left)
        if found := notices.get(one.address_id):
            one = replace(one, notices=found)
        inputs.addresses_by_holder.setdefault(row[0], []).append(one)
        inputs.external_ids[row[1]] = row[4]


def load_ticks(inputs: GateInputs, rows: Sequence[Sequence[Any]]) -> dict[tuple[int, str], int]:
    """Count what people have said yes to; nothing is asked where nobody uses a mini-program."""
    minis = [row[1] for row in rows if inputs.accounts[row[2]].kind == Account.Kind.MINI_PROGRAM]
    return channels.count_ticks(inputs.house.hospital_id, minis) if minis else {}


def load_notices(
    inputs: GateInputs, rows: Sequence[Sequence[Any]]
) -> dict[int, tuple[NoticeFacts, ...]]:
    """Read what followers subscribed to; ticks are asked for only where a template is in use."""
    official = {
        row[1]: row[2]
        for row in rows
        if inputs.accounts[row[2]].kind == Account.Kind.OFFICIAL_ACCOUNT
    }
    hospital_id = inputs.house.hospital_id
    used = list_used_templates(hospital_id, set(official.values())) if official else []
    inputs.notice_words |= {(one.account_id, one.template_id): dict(one.words) for one in used}
    standings = standing_of_ticks(hospital_id, official) if used else {}
    found: dict[int, tuple[NoticeFacts, ...]] = {}
    for address_id, account_id in official.items():
        found[address_id] = tuple(
            make_notice(one, standings.get((address_id, one.template_id), NEVER))
            for one in used
            if one.account_id == account_id
        )
    return found


def make_notice(template: UsedTemplate, standing: Standing) -> NoticeFacts:
    return NoticeFacts(
        template.template_id,
        template.title,
        template.is_long_term,
        template.uses,
        standing.left,
        f"notice_{standing.why}" if standing.why else "",
    )


def make_address_facts(
    inputs: GateInputs,
    row: Sequence[Any],
    staff: tuple[StaffFacts, ...],
    tasks_today: int,
) -> AddressFacts:
    holder_id, address_id, account_id, state, _external_id, inbound_at, sent_count = row[:7]
    session, action_at, action_count = row[7:]
    account = inputs.accounts[account_id]
    house = inputs.house
    stays_open = timedelta(seconds=house.settings.webchat_open_seconds)
    return AddressFacts(
        account_id=account_id,
        account_kind=account.kind,
        address_id=address_id,
        holder_id=holder_id,
        is_active=state == "active",
        account_is_active=account.is_active,
        last_message_at=inbound_at,
        sent_since_message=sent_count,
        last_action_at=action_at,
        sent_since_action=action_count,
        service_state=session,
        is_open=inbound_at is not None and house.now - inbound_at < stays_open,
        template_id=str(account.config.get("template_id", "")),
        staff=staff,
        tasks_today=tasks_today,
        quotas=inputs.uses.at(account_id, address_id),
    )


def load_staff(house: House, address_ids: Sequence[int]) -> dict[int, tuple[StaffFacts, ...]]:
    """Return the active members whom each contact has added, with their tasks of today."""
    if not address_ids:
        return {}
    rows = list(
        Relation.objects.filter(
            hospital_id=house.hospital_id,
            address_id__any_of=address_ids,
            state=Relation.State.ACTIVE,
            staff__is_active=True,
        )
        .order_by("added_at", "pk")
        .values_list("address_id", "staff_id", "staff_userid")
    )
    used = count_tasks_by_staff(house, {row[1] for row in rows})
    members: dict[int, tuple[StaffFacts, ...]] = {}
    for address_id, staff_id, userid in rows:
        one = StaffFacts(staff_id, userid, used.get(staff_id, 0))
        members[address_id] = (*members.get(address_id, ()), one)
    return members


def count_tasks_by_staff(house: House, staff_ids: Collection[int | None]) -> dict[int, int]:
    rows = (
        StaffConfirmation.objects.filter(
            hospital_id=house.hospital_id,
            staff_id__in=[staff_id for staff_id in staff_ids if staff_id],
            on=house.moment.local.date(),
        )
        .exclude(state__in=["cancelled", "failed"])
        .values_list("staff_id")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return dict(rows)


def count_tasks_by_address(house: House, address_ids: Sequence[int]) -> dict[int, int]:
    """Count what waits for a confirmation, or got one today."""
    if not address_ids:
        return {}
    today = house.moment.local.date()
    rows = (
        Delivery.objects.of(house.hospital_id)
        .filter(carrier=WECOM_TASK, address_id__any_of=address_ids)
        .filter(
            Q(state=Delivery.State.WAITING_STAFF)
            | Q(state__in=Delivery.ARRIVED, confirmation__on=today)
        )
        .values_list("address_id")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return {address_id or 0: count for address_id, count in rows}
