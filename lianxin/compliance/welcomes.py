"""What the wording guard says to the room below about a live code's welcome (WELCOME_GUARD)."""

from __future__ import annotations

from lianxin.channels.wording import RefusedWords
from lianxin.compliance.queries import check_wording
from lianxin.compliance.words import CATEGORIES


def check_welcome(hospital_id: int, text: str) -> list[RefusedWords]:
    """Read a welcome as it is read at sending; only what is stopped there comes back."""
    return [
        RefusedWords(
            words=finding.words,
            why=str(CATEGORIES.get(finding.category, finding.category)),
            instead=finding.replacement,
        )
        for finding in check_wording(hospital_id, text, "automatic")
        if finding.severity == "block"
    ]
