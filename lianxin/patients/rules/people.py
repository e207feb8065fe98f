"""Who is a patient, what may be shown, and who speaks for them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

Relation = Literal["self", "family", "carer"]
RELATIONS: tuple[Relation, ...] = ("self", "family", "carer")

# Regulations on the Protection of Minors in Cyberspace: a guardian speaks until 18. Under 14
# (Personal Information Protection Law 31) the child alone may not hold the phone.
ADULT_AT = 18
OWN_PHONE_AT = 14

LIFE_EVENTS = ("death", "readmission", "pregnancy_loss", "transfer", "refusal")
# After these nobody may start again by a tap: a person must talk to the family first.
FINAL_LIFE_EVENTS = frozenset({"death"})


@dataclass(frozen=True)
class CodeLimits:
    """How a code behaves: six digits stand a million to one, five tries make that 1 : 200,000."""

    digits: int = 6
    tries: int = 5
    lives: timedelta = timedelta(minutes=10)
    resend_after: timedelta = timedelta(seconds=60)
    per_day: int = 5


CODE_LIMITS = CodeLimits()


# --- What may be shown ---------------------------------------------------------------------------


def mask_number(number: str) -> str:
    """Hide all but the last four of an inpatient number: ****2817."""
    if not number:
        return ""
    return f"****{number[-4:]}" if len(number) > 4 else "****"


# --- What is compared ----------------------------------------------------------------------------

INPATIENT = re.compile(r"[A-Z0-9]{4,24}")


def normalise_inpatient(text: str) -> str | None:
    """Return an inpatient number without blanks and dashes, in capitals; None is no number."""
    number = re.sub(r"[\s\-_/‐-―]", "", unicodedata.normalize("NFKC", text)).upper()
    return number if INPATIENT.fullmatch(number) else None


def normalise_name(text: str) -> str:
    """Return the name as it is compared: no blanks, one width, small letters, one middle dot."""
    name = unicodedata.normalize("NFKC", text)
    return re.sub(r"\s", "", re.sub(r"[·•・‧∙]", "·", name)).casefold()


def normalise_code(text: str) -> str | None:
    """Return the six digits that a person typed, blanks and width forgiven."""
    code = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    well_formed = len(code) == CODE_LIMITS.digits and code.isascii() and code.isdigit()
    return code if well_formed else None


# --- Codes ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CodeFacts:
    """A code that was asked for, as the rules see it."""

    expires_at: datetime
    attempts: int
    is_used: bool = False


def may_try_code(code: CodeFacts | None, now: datetime, limits: CodeLimits = CODE_LIMITS) -> bool:
    return (
        code is not None
        and not code.is_used
        and now < code.expires_at
        and code.attempts < limits.tries
    )


def may_ask_code(
    asked_at: list[datetime], now: datetime, limits: CodeLimits = CODE_LIMITS
) -> timedelta | None:
    """Return how long to wait before the next code; None means now."""
    recent = sorted(at for at in asked_at if now - at < timedelta(days=1))
    if len(recent) >= limits.per_day:
        return recent[-limits.per_day] + timedelta(days=1) - now
    if recent and now - recent[-1] < limits.resend_after:
        return recent[-1] + limits.resend_after - now
    return None


# --- Age, and who may see ------------------------------------------------------------------------


def birthday(birth_on: date, age: int) -> date:
    """Return the day somebody turns `age`; who was born on 29 February turns on 1 March."""
    try:
        return birth_on.replace(year=birth_on.year + age)
    except ValueError:
        return date(birth_on.year + age, 3, 1)


def age_on(birth_on: date | None, today: date) -> int | None:
    if birth_on is None or birth_on > today:
        return None
    years = today.year - birth_on.year
    return years if birthday(birth_on, years) <= today else years - 1


@dataclass(frozen=True)
class HoldingFacts:
    """Who holds the phone, for whom, and how far that is proved."""

    relation: str
    state: str
    verified_on: date | None
    patient_state: str
    birth_on: date | None = None


HoldingAnswer = Literal["yes", "not_verified", "closed", "guardian_ended", "too_young"]


def may_hold(holding: HoldingFacts, today: date) -> HoldingAnswer:
    """Say whether this person may see the patient's health data today, or why not."""
    if holding.patient_state != "active":
        return "closed"
    if holding.state != "verified" or holding.verified_on is None:
        return "not_verified"
    if holding.relation == "self" and is_younger(holding.birth_on, today, OWN_PHONE_AT):
        return "too_young"
    if guardianship_ended(holding, today):
        return "guardian_ended"
    return "yes"


def is_younger(birth_on: date | None, today: date, age: int) -> bool:
    return birth_on is not None and today < birthday(birth_on, age)


def guardianship_ended(holding: HoldingFacts, today: date) -> bool:
    """Tell whether one who was let in for a minor holds on after the 18th birthday.

    The grown-up child decides anew: a verification after that day counts again.
    """
    if holding.relation == "self" or holding.birth_on is None or holding.verified_on is None:
        return False
    grown_up_on = birthday(holding.birth_on, ADULT_AT)
    return holding.verified_on < grown_up_on <= today


def may_resume(stop_reason: str) -> bool:
    """Tell whether a stopped patient may be started again by a tap."""
    return stop_reason not in FINAL_LIFE_EVENTS


# --- Where a phone may be sent after sign-in -----------------------------------------------------


def safe_portal_path(path: str, fallback: str = "/p/") -> str:
    """Return the path if it is one of ours; anything else (other hosts, consoles) is dropped."""
    plain = path.startswith("/p/") and not re.search(r"[\\\s\x00-\x1f]", path)
    loops = path.startswith(("/p/enter/", "/p/oauth/", "/p/pass/"))
    climbs = "/../" in f"{path.split('?', 1)[0]}/"
    return path if plain and not loops and not climbs and len(path) <= 300 else fallback
