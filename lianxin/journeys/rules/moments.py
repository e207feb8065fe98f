"""Who may approve a moment: somebody else, and only while it is a draft whose words may go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DRAFT, APPROVED, WITHDRAWN = "draft", "approved", "withdrawn"


@dataclass(frozen=True)
class MomentFacts:
    """A moment as the rules see it."""

    state: str
    made_by_id: int
    blocked: Sequence[str]
    # The content that it leads to is published at this minute; true without content.
    is_content_published: bool


def why_not_approve(facts: MomentFacts, by_id: int) -> list[str]:
    """Return every reason against this approval as a code; none means it may be given."""
    if facts.state != DRAFT:
        return ["not_a_draft"]
    reasons = ["own_work"] if facts.made_by_id == by_id else []
    return reasons + why_not_send(facts)


def why_not_send(facts: MomentFacts) -> list[str]:
    reasons = ["words_blocked"] if facts.blocked else []
    return reasons if facts.is_content_published else [*reasons, "content_not_published"]
