"""Runs what is due: one transaction takes the rows, does the work and settles them.

The row locks are the lease. A worker that dies anywhere rolls all of it back, so nothing is lost;
the unique keys of steps, cards, intents and tasks make a second run harmless. Nothing here talks
to a network: what leaves the house leaves through the gate, later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection, transaction

from lianxin.compliance.queries import consents_of
from lianxin.content.queries import published_by_code
from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.core.events import Entry
from lianxin.core.models import Hospital
from lianxin.health.queries import planned_slots
from lianxin.journeys.actions import carrying
from lianxin.journeys.models import DueStep, Enrolment, JourneyVersion
from lianxin.journeys.queries import definition_of, languages_of
from lianxin.journeys.rules import running
from lianxin.journeys.rules.definition import Definition, Step
from lianxin.patients.models import Patient

# A batch costs about twenty statements however many steps it holds.
BATCH = 2000
MOST_ATTEMPTS = 3
READ = "read:"
PILLS = "pills"

# Marks the rows as done at once: most of them are. Those that are not are set right below. The ids
# come as an array: with `in` the planner reads the whole table once for each batch (seen 2026-11).
CLAIM = """
update journeys_duestep set state = 'done', settled_at = %(now)s
where id = any(array(
    select id from journeys_duestep
    where hospital_id = %(hospital)s and state = 'due' and due_at <= %(now)s
    order by due_at, id limit %(limit)s
    for no key update skip locked
))
returning id, enrolment_id, patient_id, step_key, occurrence_on, revision, due_at, window_ends_at
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A due step that this transaction holds."""

    id: int
    enrolment_id: int
    patient_id: int
    step_key: str
    occurrence_on: date
    revision: int
    due_at: datetime
    window_ends_at: datetime


@dataclass(slots=True)
class Facts:
    """What is known about everybody in one batch."""

    hospital: Hospital
    now: datetime
    enrolments: dict[int, tuple[str, int, Definition]]
    reachable: set[int]
    consents: dict[int, frozenset[str]]
    languages: dict[int, str]
    item_keys: dict[tuple[str, str], str]
    # Who has medicines planned on which day in which slot.
    planned: set[tuple[int, date, str]] = field(default_factory=set)


@dataclass(slots=True)
class Outcome:
    """What the batch does, by how it leaves."""

    work: carrying.Work = field(default_factory=carrying.Work)
    undone: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    missed: list[Claimed] = field(default_factory=list)

    def leave(self, step: Claimed, state: str, reason: str) -> None:
        self.undone.setdefault((state, reason), []).append(step.id)
        if state == DueStep.State.MISSED:
            self.missed.append(step)


@transaction.atomic
def run_due_batch(hospital_id: int, limit: int = BATCH) -> int:
    """Take up to `limit` due steps that no other worker holds and do them; return how many."""
    now = time.now()
    steps = claim(hospital_id, now, limit)
    if not steps:
        return 0
    facts = load_facts(hospital_id, steps, now)
    outcome = Outcome()
    for step in steps:
        judge(step, facts, outcome)
    carrying.carry(hospital_id, outcome.work, by=SystemActor(hospital_id))
    settle(outcome, now)
    record(hospital_id, steps, outcome)
    return len(steps)


def claim(hospital_id: int, now: datetime, limit: int) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "hospital": hospital_id, "limit": limit})
        return [Claimed(*row) for row in cursor.fetchall()]


def load_facts(hospital_id: int, steps: Sequence[Claimed], now: datetime) -> Facts:
    patient_ids = {step.patient_id for step in steps}
    rows = Enrolment.objects.filter(
        hospital_id=hospital_id, pk__any_of={step.enrolment_id for step in steps}
    ).values_list("pk", "state", "revision", "version_id")
    enrolments = list(rows)
    definitions = load_definitions(
        {version_id for _pk, _state, _revision, version_id in enrolments}
    )
    reachable = Patient.objects.of(hospital_id).reachable().filter(pk__any_of=patient_ids)
    facts = Facts(
        hospital=Hospital.objects.get(pk=hospital_id),
        now=now,
        enrolments={
            pk: (state, revision, definitions[version_id])
            for pk, state, revision, version_id in enrolments
        },
        reachable=set(reachable.values_list("pk", flat=True)),
        consents=consents_of(hospital_id, patient_ids),
        languages={},
        item_keys={},
    )
    load_content(facts, steps)
    load_medicines(facts, steps)
    return facts


def load_definitions(version_ids: set[int]) -> dict[int, Definition]:
    rows = JourneyVersion.objects.filter(pk__in=version_ids).defer("definition")
    return {version.pk: definition_of(version) for version in rows}


def load_content(facts: Facts, steps: Sequence[Claimed]) -> None:
    """Find which published page each content code means in each language that is read here."""
    codes = {code for step in steps if (code := content_code(step_of(step, facts)))}
    if not codes:
        return
    facts.languages = languages_of(facts.hospital.pk, {step.patient_id for step in steps})
    for language in {facts.hospital.default_language, *facts.languages.values()}:
        for code, item in published_by_code(facts.hospital.pk, codes, language).items():
            facts.item_keys[code, language] = item.key


def load_medicines(facts: Facts, steps: Sequence[Claimed]) -> None:
    asking = [step for step in steps if step_of(step, facts).item == PILLS]
    if asking:
        days = {step.occurrence_on for step in asking}
        patient_ids = {step.patient_id for step in asking}
        facts.planned = planned_slots(facts.hospital.pk, patient_ids, days)


def step_of(claimed: Claimed, facts: Facts) -> Step:
    return facts.enrolments[claimed.enrolment_id][2].step_by_key[claimed.step_key]


def content_code(step: Step) -> str:
    """Return the content that a step shows, or nothing."""
    if step.kind == "content":
        return step.item
    return step.item.removeprefix(READ) if step.item.startswith(READ) else ""


def judge(claimed: Claimed, facts: Facts, outcome: Outcome) -> None:
    state, revision, definition = facts.enrolments[claimed.enrolment_id]
    decision, reason = running.verdict(
        enrolment_state=state,
        step_revision=claimed.revision,
        revision=revision,
        window_ends_at=claimed.window_ends_at,
        now=facts.now,
    )
    if decision == "wait":
        outcome.leave(claimed, DueStep.State.HELD, "")
    elif decision != "run":
        outcome.leave(claimed, decision, reason)
    elif claimed.patient_id not in facts.reachable:
        outcome.leave(claimed, DueStep.State.CANCELLED, running.NOT_CARED_FOR)
    elif not set(definition.purposes) <= facts.consents.get(claimed.patient_id, NOTHING):
        outcome.leave(claimed, DueStep.State.MISSED, running.NO_CONSENT)
    elif has_nothing_to_do(claimed, facts):
        outcome.leave(claimed, DueStep.State.SKIPPED, running.NO_MEDICINES)
    else:
        plan_work(claimed, definition.step_by_key[claimed.step_key], facts, outcome)


def has_nothing_to_do(claimed: Claimed, facts: Facts) -> bool:
    """Tell whether the step would ask about medicines that nobody has written down."""
    step = step_of(claimed, facts)
    planned = (claimed.patient_id, claimed.occurrence_on, step.slot)
    return step.item == PILLS and planned not in facts.planned


NOTHING: frozenset[str] = frozenset()


def plan_work(claimed: Claimed, step: Step, facts: Facts, outcome: Outcome) -> None:
    """Add what the step wants to the batch's work; content that nobody published is missed."""
    item, code = step.item, content_code(step)
    if code:
        language = facts.languages.get(claimed.patient_id, facts.hospital.default_language)
        key = facts.item_keys.get((code, language))
        if key is None:
            outcome.leave(claimed, DueStep.State.MISSED, running.NO_CONTENT)
            return
        item = f"{READ}{key}"
    one = carrying.Piece(
        due_step_id=claimed.id,
        patient_id=claimed.patient_id,
        on=claimed.occurrence_on,
        due_at=max(claimed.due_at, facts.now) if step.kind == "content" else claimed.due_at,
        until=claimed.window_ends_at,
        item=item,
    )
    outcome.work.add(step, one, facts.hospital)


def settle(outcome: Outcome, now: datetime) -> None:
    """Set right the rows that were not done after all."""
    for (state, reason), ids in outcome.undone.items():
        settled_at = None if state == DueStep.State.HELD else now
        rows = DueStep.objects.filter(pk__any_of=ids)
        rows.update(state=state, reason=reason, settled_at=settled_at)


def record(hospital_id: int, steps: Sequence[Claimed], outcome: Outcome) -> None:
    """Write one line for the batch and one for each step that a patient missed.

    What reaches a patient is a line of its own: the card's, the delivery's, the task's.
    """
    undone = sum(len(ids) for ids in outcome.undone.values())
    entries = [
        Entry(
            name="journey.step_missed",
            hospital_id=hospital_id,
            subject="enrolment",
            subject_id=step.enrolment_id,
            by_kind="system",
            patient_id=step.patient_id,
            data={"step": step.step_key, "on": step.occurrence_on.isoformat()},
        )
        for step in outcome.missed
    ]
    entries.append(
        Entry(
            name="journey.steps_run",
            hospital_id=hospital_id,
            subject="due_steps",
            subject_id=steps[0].id,
            by_kind="system",
            data={"done": len(steps) - undone, "undone": undone, "ids": [s.id for s in steps]},
        )
    )
    events.record_many(entries)


@transaction.atomic
def fail_first(hospital_id: int) -> int | None:
    """Put aside the step that a batch of one stumbled over; after three tries for good."""
    now = time.now()
    due = DueStep.objects.filter(
        hospital_id=hospital_id, state=DueStep.State.DUE, due_at__lte=now
    ).order_by("due_at", "id")
    step = due.select_for_update(skip_locked=True, no_key=True).first()
    if step is None:
        return None
    step.attempt_count += 1
    if step.attempt_count >= MOST_ATTEMPTS:
        step.state, step.reason, step.settled_at = DueStep.State.FAILED, "error", now
    else:
        step.due_at = now + running.LEASE * step.attempt_count
    step.save(update_fields=["attempt_count", "state", "reason", "settled_at", "due_at"])
    return step.pk
