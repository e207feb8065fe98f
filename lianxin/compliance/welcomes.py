"""What the room below needs of this one for a live code: the guard's word on its welcome

(WELCOME_GUARD), and the two safety sentences of everything that is printed (SAFETY_WORDS).
"""

from __future__ import annotations

from lianxin.channels.wording import RefusedWords
from lianxin.compliance import catalogue
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


def safety_words(language: str) -> list[str]:
    """Return the two sentences that stand on everything a patient is given, the grave one first."""
    return [catalogue.short_mark(code, language) for code in ("emergency", "not_monitored")]
