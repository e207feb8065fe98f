"""The patient's home: one merged card, then a few quiet rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from lianxin.compliance.queries import answers_of, may_see_health
from lianxin.content.models import Item
from lianxin.content.queries import published_by_code, reading_path
from lianxin.core import time
from lianxin.health.queries.book import Book, find_book
from lianxin.health.queries.medicines import DosesOfDay, doses_of_day
from lianxin.health.queries.readings import find_last_reading
from lianxin.health.rules.values import Reading
from lianxin.health.rules.words import show_values
from lianxin.outreach.models import Card
from lianxin.outreach.queries.cards import list_cards
from lianxin.patients.models import Holder, Holding, Patient
from lianxin.patients.queries import (
    Member,
    PatientFace,
    face_of,
    find_current_holding,
    household_of,
    list_holdings,
)

EVENING_FROM_HOUR = 15
GUIDES = ("discharge-guide", "home-blood-pressure", "medicines-as-prescribed")


@dataclass(frozen=True)
class Guide:
    title: str
    path: str


@dataclass(frozen=True)
class Home:
    """What the home page shows. Without verification and consent there is no health in it."""

    holding: Holding | None
    face: PatientFace | None
    step: str  # who | verify | consent | ready
    claimed_as: str
    slot: str
    on: date
    card: Card | None
    last_reading: str
    last_at: datetime | None
    is_measured: bool
    doses: DosesOfDay | None
    guides: Sequence[Guide]
    others: int
    # Everybody whom this phone opens, where that is more than one.
    people: Sequence[Member]
    day_number: int | None

    @property
    def has_pills(self) -> bool:
        return self.doses is not None and bool(self.doses.doses)

    @property
    def pills_left(self) -> bool:
        return self.doses is not None and self.has_pills and not self.doses.is_answered

    @property
    def left_count(self) -> int:
        """Count what of this part of the day is still to be done."""
        return int(not self.is_measured) + int(self.pills_left)


def load_home(holder: Holder, language: str) -> Home:
    """Load the page; what may not be seen is not loaded."""
    local = time.local(holder.hospital, time.now())
    empty = Home(
        holding=None,
        face=None,
        step="who",
        claimed_as="",
        slot="evening" if local.hour >= EVENING_FROM_HOUR else "morning",
        on=local.date(),
        card=None,
        last_reading="",
        last_at=None,
        is_measured=False,
        doses=None,
        guides=list_guides(holder.hospital_id, language),
        others=0,
        people=(),
        day_number=None,
    )
    holding = find_current_holding(holder)
    if holding is None:
        claimed = list_holdings(holder)
        return replace(empty, step="verify", claimed_as=claimed[0].relation) if claimed else empty
    patient = holding.patient
    home = replace(
        empty,
        holding=holding,
        face=face_of(patient),
        step="ready" if has_answered(patient) else "consent",
        others=len(list_holdings(holder)) - 1,
        people=household_of(holder, patient.pk),
    )
    return with_health(home, patient) if may_see_health(holder, patient) else home


def with_health(home: Home, patient: Patient) -> Home:
    """Add what only a verified phone with consent may show."""
    last = find_last(patient)
    last_on = time.local(patient.hospital, last[0].at).date() if last else None
    discharged_on = patient.discharged_on
    return replace(
        home,
        card=find_card_now(patient, home.slot),
        last_reading=last[1] if last else "",
        last_at=last[0].at if last else None,
        is_measured=last is not None and last_on == home.on and last[0].slot == home.slot,
        doses=doses_of_day(patient, home.on, home.slot),
        day_number=(home.on - discharged_on).days if discharged_on else None,
    )


def has_answered(patient: Patient) -> bool:
    """Tell whether the first question was answered, with yes or no: nobody is asked twice."""
    answers = answers_of(patient.hospital_id, [patient.pk])[patient.pk]
    return any(answer.purpose == "health_records" for answer in answers)


def find_card_now(patient: Patient, slot: str) -> Card | None:
    """Return the card of this part of the day, else the oldest that still waits."""
    cards = list(list_cards(patient)[:4])
    return next((card for card in reversed(cards) if card.slot == slot), None) or (
        cards[0] if cards else None
    )


def find_last(patient: Patient) -> tuple[Reading, str] | None:
    book = find_book(patient.hospital_id)
    reading = find_last_reading(book, patient, "bp") if book else None
    if book is None or reading is None:
        return None
    return reading, show_last(book, reading)


def show_last(book: Book, reading: Reading) -> str:
    fields = [f["code"] for f in book.fields("bp") if not f.get("optional")]
    return show_values(reading.values, fields, {})


def title_of(item: Item) -> str:
    return item.published.title if item.published else ""


def list_guides(hospital_id: int, language: str) -> list[Guide]:
    found = published_by_code(hospital_id, GUIDES, language)
    return [
        Guide(title_of(found[code]), reading_path(found[code])) for code in GUIDES if code in found
    ]
