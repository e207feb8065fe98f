"""Claiming: ask the gate about what is due, write its answers, and take what may be sent now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, When

from lianxin.channels.adapters.base import MAY_HAVE_ARRIVED
from lianxin.core import events
from lianxin.core.ids import make_key
from lianxin.core.rows import insert_rows, update_rows
from lianxin.outreach.actions.composing import Claimed, Composer, is_lock_screen_safe
from lianxin.outreach.actions.quotas import count_claimed, hold_short_quotas
from lianxin.outreach.actions.settling import Ledger
from lianxin.outreach.actions.telling import REFUSED_STATES, refusal_entry
from lianxin.outreach.actions.ticks import spend_ticks
from lianxin.outreach.models import Delivery, Intent
from lianxin.outreach.queries.house import House, load_house
from lianxin.outreach.queries.inputs import GateInputs, load_inputs
from lianxin.outreach.rules import gate
from lianxin.outreach.rules.caps import count_one
from lianxin.outreach.rules.facts import WECOM_TASK, Attempt, Message, Refusal, Verdict
from lianxin.outreach.rules.reach import after_sending
from lianxin.outreach.rules.settings import GateSettings

# First half of the advisory lock that keeps one patient's caps right between workers.
LOCK_NAME = "outreach:"


@dataclass
class Outcome:
    """What one batch of verdicts changes."""

    deliveries: list[Delivery] = field(default_factory=list)
    claimed: list[Delivery] = field(default_factory=list)
    repeated: list[Delivery] = field(default_factory=list)
    left: list[Delivery] = field(default_factory=list)
    later: list[Intent] = field(default_factory=list)
    entries: list[events.Entry] = field(default_factory=list)


@transaction.atomic
def claim_deliveries(
    hospital_id: int, *, limit: int | None = None, intent_ids: Sequence[int] | None = None
) -> list[Claimed]:
    """Judge what is due and take what may go out now. Any number of workers at once.

    Rows another worker holds are skipped; what must wait gets a new due time; what may not go
    becomes refusal rows with their reasons and an event.
    """
    house = load_house(hospital_id)
    batch = limit or house.settings.delivering.batch
    is_short = hold_short_quotas(house, batch)
    intents = lock_due(house, batch, intent_ids, is_short=is_short)
    if not intents:
        return []
    lock_patients({intent.patient_id for intent in intents if intent.patient_id})
    inputs = load_inputs(
        house,
        {intent.patient_id for intent in intents if intent.patient_id},
        {intent.holder_id for intent in intents if intent.holder_id},
    )
    known = load_tried(hospital_id, intents)
    outcome = judge_all(intents, inputs, known)
    spend_ticks(outcome.claimed + outcome.repeated, intents, inputs.accounts)
    write_outcome(intents, outcome)
    events.record_many(outcome.entries)
    # Last, because other workers wait for these rows.
    count_claimed(house, outcome.claimed + outcome.repeated)
    return Composer(house, inputs).compose_all(outcome.claimed + outcome.repeated)


@transaction.atomic
def renew_leases(hospital_id: int, delivery_ids: Sequence[int]) -> set[int]:
    """Keep what this worker still holds a while longer; what it lost meanwhile is not returned."""
    house = load_house(hospital_id)
    held = Delivery.objects.of(hospital_id).filter(
        pk__any_of=delivery_ids, state=Delivery.State.CLAIMED, lease_until__gt=house.now
    )
    ids = set(held.select_for_update(no_key=True).values_list("pk", flat=True))
    Delivery.objects.filter(pk__any_of=ids).update(lease_until=lease_end(house))
    return ids


def lock_due(
    house: House, limit: int, intent_ids: Sequence[int] | None, *, is_short: bool
) -> list[Intent]:
    """Lock what is due, the oldest first; where a quota runs short, the most important first."""
    due = Intent.objects.of(house.hospital_id).filter(
        state=Intent.State.PENDING, due_at__lte=house.now
    )
    if intent_ids is not None:
        due = due.filter(pk__any_of=intent_ids)
    order: tuple[str | Case, ...] = ("due_at", "pk")
    if is_short:
        ranks = [When(priority=name, then=n) for n, name in enumerate(house.settings.priorities)]
        order = (Case(*ranks, default=len(ranks)), *order)
    return list(due.select_for_update(skip_locked=True, no_key=True).order_by(*order)[:limit])


def lock_patients(patient_ids: Iterable[int]) -> None:
    """Let one worker at a time count a patient's caps; always in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s || id, 0))"
            " from unnest(%s::bigint[]) as id order by id",
            [LOCK_NAME, sorted(patient_ids)],
        )


@dataclass
class Tried:
    """The rows that earlier passes wrote for one intent."""

    rows: dict[tuple[str, int | None], Delivery] = field(default_factory=dict)

    @property
    def failed(self) -> gate.Tried:
        return frozenset(
            (carrier, address_id or 0)
            for (carrier, address_id), row in self.rows.items()
            if row.state in (Delivery.State.FAILED, Delivery.State.CANCELLED)
        )

    @property
    def unsure(self) -> Delivery | None:
        """Return the way that may have arrived without an answer and waits for its next try."""
        waiting = (row for row in self.rows.values() if row.state == Delivery.State.PLANNED)
        return next((row for row in waiting if row.reason_code in MAY_HAVE_ARRIVED), None)


def load_tried(hospital_id: int, intents: Sequence[Intent]) -> dict[int, Tried]:
    rows = Delivery.objects.of(hospital_id).filter(intent_id__any_of=[one.pk for one in intents])
    tried: dict[int, Tried] = {}
    for row in rows:
        tried.setdefault(row.intent_id, Tried()).rows[row.carrier, row.address_id] = row
    return tried


# ---- judging ------------------------------------------------------------------------------


def judge_all(intents: Sequence[Intent], inputs: GateInputs, known: dict[int, Tried]) -> Outcome:
    outcome = Outcome()
    counts = Counter(intent.patient_id for intent in intents)
    nothing = Tried()
    for intent in sorted(intents, key=lambda one: inputs.house.settings.rank_of(one.priority)):
        tried = known.get(intent.pk, nothing)
        verdict = judge(intent, inputs, tried)
        attempt = choose(verdict, tried.unsure)
        if attempt is None:
            stop(intent, verdict, tried, inputs.house, outcome)
            continue
        if attempt.not_before is not None and attempt.not_before > inputs.house.now:
            intent.due_at = attempt.not_before
            outcome.later.append(intent)
            continue
        note_refusals(intent, verdict.refusals, tried, inputs.house, outcome)
        take(intent, attempt, tried, inputs.house, outcome)
        inputs.uses.count(attempt.account_id, attempt.carrier)
        if counts[intent.patient_id] > 1:
            count_in(intent, attempt, inputs)
    return outcome


def choose(verdict: Verdict, unsure: Delivery | None) -> Attempt | None:
    """Take the best way; after a try without an answer only the same one, which drops repeats."""
    ways = iter(verdict.attempts)
    if unsure is None:
        return next(ways, None)
    place = (unsure.carrier, unsure.address_id)
    return next((way for way in ways if (way.carrier, way.address_id) == place), None)


def judge(intent: Intent, inputs: GateInputs, tried: Tried) -> Verdict:
    return gate.decide(
        make_message(intent, inputs.house),
        inputs.person(intent.patient_id),
        inputs.addresses(intent.patient_id, intent.holder_id),
        inputs.house.settings,
        inputs.house.moment,
        tried.failed if tried.rows else frozenset(),
    )


def make_message(intent: Intent, house: House) -> Message:
    is_safe = is_lock_screen_safe(house.hospital_id, intent.kind)
    return Message(
        kind=intent.kind,
        priority=intent.priority,
        purpose=intent.purpose,
        key=intent.unique_key,
        findings=tuple(intent.findings),
        lock_screen_names=() if is_safe else ("lock_screen",),
        is_patient_set_time=intent.is_patient_set_time,
        answers_address_id=intent.answers_address_id,
        window_starts_at=intent.window_starts_at,
        window_ends_at=intent.window_ends_at,
    )


def count_in(intent: Intent, attempt: Attempt, inputs: GateInputs) -> None:
    """Keep the batch's facts true: the next message of the same patient sees this one."""
    settings = inputs.house.settings
    patient_id = intent.patient_id
    person = inputs.persons.get(patient_id or 0)
    if patient_id and person and is_counted(intent, settings):
        usage = count_one(person.usage, intent.priority)
        inputs.persons[patient_id] = replace(person, usage=usage)
    for rows in (
        inputs.addresses_by_patient.get(patient_id or 0, []),
        inputs.addresses_by_holder.get(attempt.holder_id or 0, []),
    ):
        rows[:] = [
            after_sending(one, attempt.carrier, attempt.template_id)
            if one.address_id == attempt.address_id
            else one
            for one in rows
        ]


def is_counted(intent: Intent, settings: GateSettings) -> bool:
    return not settings.is_exempt(intent.kind, "caps") and not intent.is_patient_set_time


# ---- writing the answers ------------------------------------------------------------------


def make_client_key(intent: Intent, carrier: str, address_id: int | None) -> str:
    """Name this delivery to the provider: the same for every try, 32 plain characters at most."""
    return f"{intent.key}-{carrier[:8]}-{address_id or 0}"[:32]


def make_delivery(
    intent: Intent, house: House, carrier: str, account_id: int | None, address_id: int | None
) -> Delivery:
    return Delivery(
        hospital_id=house.hospital_id,
        key=make_key(),
        intent=intent,
        patient_id=intent.patient_id,
        holder_id=intent.holder_id,
        carrier=carrier,
        account_id=account_id,
        address_id=address_id,
        priority=intent.priority,
        is_counted=is_counted(intent, house.settings),
        client_key=make_client_key(intent, carrier, address_id),
        created_at=house.now,
    )


def take(intent: Intent, attempt: Attempt, tried: Tried, house: House, outcome: Outcome) -> None:
    """Write the chosen attempt: claimed with a lease, or waiting for a staff member."""
    row = tried.rows.get((attempt.carrier, attempt.address_id))
    delivery = row or make_delivery(
        intent, house, attempt.carrier, attempt.account_id, attempt.address_id
    )
    delivery.holder_id, delivery.template_id = attempt.holder_id, attempt.template_id
    delivery.reason_facts, delivery.settled_at = {}, None
    if delivery.reason_code not in MAY_HAVE_ARRIVED:
        delivery.reason_code = ""
    delivery.is_counted = is_counted(intent, house.settings)
    if attempt.carrier == WECOM_TASK:
        delivery.state, delivery.staff_id = Delivery.State.WAITING_STAFF, attempt.staff_id
        delivery.confirmation_id = None
        intent.state = Intent.State.WAITING_STAFF
    else:
        delivery.state = Delivery.State.CLAIMED
        delivery.lease_until = lease_end(house)
        delivery.attempt_count += 1
        intent.state = Intent.State.SENDING
    if row is None:
        outcome.deliveries.append(delivery)
    else:
        outcome.repeated.append(delivery)
    if row is None and delivery.state == Delivery.State.CLAIMED:
        outcome.claimed.append(delivery)


def lease_end(house: House) -> datetime:
    return house.now + timedelta(seconds=house.settings.delivering.lease_seconds)


def stop(intent: Intent, verdict: Verdict, tried: Tried, house: House, outcome: Outcome) -> None:
    """End an intent that may not go out, or whose earlier try nobody answered."""
    if tried.unsure is None:
        refuse(intent, verdict, tried, house, outcome)
        return
    ledger, row = Ledger(house.now, house.settings.delivering), tried.unsure
    row.intent = intent
    ledger.mark_unknown(row)
    outcome.left.append(row)
    outcome.entries += ledger.entries


def refuse(intent: Intent, verdict: Verdict, tried: Tried, house: House, outcome: Outcome) -> None:
    """Write every reason as a row; tell it once, when nothing is left to try."""
    note_refusals(intent, verdict.refusals, tried, house, outcome)
    codes = [refusal.reason.code for refusal in verdict.refusals]
    is_late = codes == ["window_over"]
    intent.state = Intent.State.MISSED if is_late else Intent.State.REFUSED
    intent.reason_code = codes[0]
    intent.settled_at = house.now
    outcome.entries.append(refusal_entry(intent, codes))


def note_refusals(
    intent: Intent,
    refusals: Sequence[Refusal],
    tried: Tried,
    house: House,
    outcome: Outcome,
) -> None:
    """Write a row for each way that was closed before the chosen one; once per intent."""
    for refusal in refusals:
        place = (refusal.carrier, refusal.address_id)
        if not refusal.is_before_choice or place in tried.rows:
            continue
        row = make_delivery(intent, house, refusal.carrier, refusal.account_id, refusal.address_id)
        row.state = Delivery.State.REFUSED
        row.is_counted = False
        row.reason_code = refusal.reason.code
        row.reason_facts = dict(refusal.reason.facts)
        row.settled_at = house.now
        outcome.deliveries.append(row)


REPEATED_FIELDS = (
    "state",
    "holder",
    "staff",
    "confirmation",
    "template_id",
    "reason_code",
    "reason_facts",
    "lease_until",
    "attempt_count",
    "is_counted",
    "settled_at",
)
INTENT_FIELDS = ("state", "reason_code", "settled_at", "due_at")
SET_STATE = "update outreach_intent set state = %s where id = any(%s::bigint[])"


def write_outcome(intents: Sequence[Intent], outcome: Outcome) -> None:
    insert_rows(outcome.deliveries, unique="client_key")
    update_rows(outcome.repeated + outcome.left, REPEATED_FIELDS)
    plain: dict[str, list[int]] = {}
    special: list[Intent] = list(outcome.later)
    for intent in intents:
        if intent.state in REFUSED_STATES:
            special.append(intent)
        elif intent.state != Intent.State.PENDING:
            plain.setdefault(intent.state, []).append(intent.pk)
    with connection.cursor() as cursor:
        for state, ids in plain.items():
            cursor.execute(SET_STATE, [state, ids])
    update_rows(special, INTENT_FIELDS)
