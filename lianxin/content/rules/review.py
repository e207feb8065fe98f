"""Who may do what with a revision. An approval is bound to the hash of exactly what was read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Classification = Literal["EDU", "NOTICE", "AD"]
GuardContext = Literal["education", "notice", "ad"]

DRAFT = "draft"
IN_REVIEW = "in_review"
APPROVED = "approved"
PUBLISHED = "published"
SUPERSEDED = "superseded"
WITHDRAWN = "withdrawn"

# Text changes are possible here; a change takes the revision back to draft.
EDITABLE = frozenset({DRAFT, IN_REVIEW, APPROVED})
FEWEST_SOURCES = 1
# 自媒体医疗科普 2025: content is looked at again; 24 months is the product's longest term.
LONGEST_REVIEW_MONTHS = 24
DAYS_PER_MONTH = 365.25 / 12

CONTEXTS: Mapping[str, GuardContext] = {"EDU": "education", "NOTICE": "notice", "AD": "ad"}


@dataclass(frozen=True, slots=True)
class Text:
    """Everything an approval covers."""

    classification: str
    language: str
    title: str
    summary: str
    body_html: str
    sources: tuple[str, ...]
    is_ai_generated: bool = False
    correction_note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A revision as the rules see it."""

    state: str
    # Everybody whose words are in it: none of them reviews it.
    author_ids: frozenset[int]
    content_hash: str
    approved_hash: str = ""
    source_count: int = 0
    review_due_on: date | None = None
    has_text: bool = True
    classification: str = "EDU"
    approval_no: str = ""
    approval_ends_on: date | None = None
    blocked: Sequence[str] = ()


def hash_of(text: Text) -> str:
    """Return what the approval is bound to: any change of words gives another."""
    document = json.dumps(
        [
            text.classification,
            text.language,
            text.title,
            text.summary,
            text.body_html,
            list(text.sources),
            text.is_ai_generated,
            text.correction_note,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(document.encode()).hexdigest()


def find_faults(facts: Facts, today: date) -> list[str]:
    """Return what is missing before anybody may approve, as codes."""
    faults = []
    if not facts.has_text:
        faults.append("no_text")
    if facts.source_count < FEWEST_SOURCES:
        faults.append("no_source")
    faults += review_date_faults(facts.review_due_on, today)
    if facts.classification == "AD":
        faults += ad_faults(facts, today)
    if facts.blocked:
        faults.append("wording_blocked")
    return faults


def review_date_faults(review_due_on: date | None, today: date) -> list[str]:
    if review_due_on is None:
        return ["no_review_date"]
    if review_due_on <= today:
        return ["review_date_past"]
    return ["review_date_too_far"] if review_due_on > latest_review_on(today) else []


def latest_review_on(today: date) -> date:
    return today + timedelta(days=round(LONGEST_REVIEW_MONTHS * DAYS_PER_MONTH))


def ad_faults(facts: Facts, today: date) -> list[str]:
    """Ask for the approval number of an advertisement, and that its year is not over."""
    if not facts.approval_no:
        return ["no_ad_approval"]
    if facts.approval_ends_on is None or facts.approval_ends_on < today:
        return ["ad_approval_over"]
    return []


def may_edit(facts: Facts) -> bool:
    return facts.state in EDITABLE


def may_submit(facts: Facts) -> bool:
    return facts.state == DRAFT


def why_not_approve(facts: Facts, reviewer_id: int, seen_hash: str, today: date) -> list[str]:
    """Return every reason against this approval; none means it may be given."""
    if facts.state != IN_REVIEW:
        return ["not_in_review"]
    reasons = []
    if reviewer_id in facts.author_ids:
        reasons.append("own_work")
    if seen_hash != facts.content_hash:
        reasons.append("changed_meanwhile")
    return reasons + find_faults(facts, today)


def why_not_publish(facts: Facts, today: date) -> list[str]:
    """Return every reason against publishing. The hash must still be the approved one."""
    if facts.state != APPROVED:
        return ["not_approved"]
    reasons = [] if facts.approved_hash == facts.content_hash else ["changed_after_approval"]
    return reasons + find_faults(facts, today)
