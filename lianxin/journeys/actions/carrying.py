"""Hands the work of a batch to the rooms that do it: cards and intents by the hundred, tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.models import Hospital
from lianxin.journeys.rules.definition import Step
from lianxin.outreach.actions import CardDraft, Draft, put_cards, submit_many
from lianxin.tasks.actions import TaskDraft, create_tasks

# On which card something lands that has no slot of its own, and until when that card is open.
NOON = clock(13, 0)
NIGHT = clock(22, 0)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of one patient, ready to be done."""

    due_step_id: int
    patient_id: int
    on: date
    due_at: datetime
    until: datetime
    item: str


@dataclass(slots=True)
class CardWork:
    """Everything that one merged card gets in this batch."""

    items: list[str] = field(default_factory=list)
    opens_at: datetime | None = None
    until: datetime | None = None


Place = tuple[int, date, str]


@dataclass(slots=True)
class Work:
    cards: dict[Place, CardWork] = field(default_factory=dict)
    quiet_cards: dict[Place, CardWork] = field(default_factory=dict)
    messages: list[Piece] = field(default_factory=list)
    tasks: list[Piece] = field(default_factory=list)

    def add(self, step: Step, piece: Piece, hospital: Hospital) -> None:
        if step.kind == "task":
            self.tasks.append(piece)
        elif step.kind == "card":
            put(self.cards, (piece.patient_id, piece.on, step.slot), piece)
        elif step.way == "message":
            self.messages.append(piece)
        else:
            put(self.quiet_cards, page_place(piece, hospital), piece)


def put(cards: dict[Place, CardWork], place: Place, piece: Piece) -> None:
    card = cards.setdefault(place, CardWork())
    if piece.item not in card.items:
        card.items.append(piece.item)
    card.opens_at = min(card.opens_at or piece.due_at, piece.due_at)
    card.until = max(card.until or piece.until, piece.until)


def page_place(piece: Piece, hospital: Hospital) -> Place:
    """Choose the card that is open when content waits on the page without being announced."""
    local = time.local(hospital, piece.due_at)
    if local.time() >= NIGHT:
        return piece.patient_id, local.date() + ONE_DAY, "morning"
    return piece.patient_id, local.date(), "morning" if local.time() < NOON else "evening"


def carry(hospital_id: int, work: Work, *, by: Actor) -> None:
    if work.quiet_cards:
        put_cards(hospital_id, card_drafts(work.quiet_cards), by=by, announce=False)
    if work.cards:
        put_cards(hospital_id, card_drafts(work.cards), by=by)
    if work.messages:
        submit_many(hospital_id, [message_draft(piece) for piece in work.messages], by=by)
    if work.tasks:
        create_tasks(hospital_id, [task_draft(piece) for piece in work.tasks], by=by)


def card_drafts(cards: dict[Place, CardWork]) -> list[CardDraft]:
    return [
        CardDraft(
            patient_id=patient_id,
            on=on,
            slot=slot,
            items=tuple(card.items),
            announce_at=card.opens_at,
            announce_until=card.until,
        )
        for (patient_id, on, slot), card in cards.items()
    ]


def message_draft(piece: Piece) -> Draft:
    return Draft(
        unique_key=f"step:{piece.due_step_id}",
        kind="content",
        priority="education",
        patient_id=piece.patient_id,
        purpose="reminders",
        path=f"/p/read/{piece.item.removeprefix('read:')}/",
        subject_kind="due_step",
        subject_id=piece.due_step_id,
        window_starts_at=piece.due_at,
        window_ends_at=piece.until,
    )


def task_draft(piece: Piece) -> TaskDraft:
    return TaskDraft(
        unique_key=f"step:{piece.due_step_id}",
        reason_code=piece.item,
        patient_id=piece.patient_id,
        subject_kind="due_step",
        subject_id=piece.due_step_id,
        due_at=piece.until,
    )
