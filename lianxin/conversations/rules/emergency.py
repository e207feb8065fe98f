"""The emergency screen: which words of a patient's message must not wait.

A negation does not lower a hit and doubt counts as urgent: a false alarm costs a minute, a missed
one a life. Only text can be screened; the caller says so where a recording came.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

ORDER: tuple[str, ...] = ("normal", "urgent", "emergency")
INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")
BLANK_BETWEEN_IDEOGRAPHS = re.compile(r"(?<=[\u3400-\u9fff])[^\S\n]+(?=[\u3400-\u9fff])")
# Longer texts are cut: nobody describes an emergency on page four, and patterns stay cheap.
SCREENED_CHARACTERS = 4000


@dataclass(frozen=True)
class Category:
    """One kind of danger and the words that betray it."""

    code: str
    urgency: str
    name_zh: str
    name_en: str
    card: str
    patterns: tuple[re.Pattern[str], ...]

    def name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name_zh


@dataclass(frozen=True)
class Screening:
    """What the screen found: the gravest category, and the patient's own words."""

    urgency: str = "normal"
    category: str = ""
    words: str = ""
    card: str = ""

    @property
    def is_hit(self) -> bool:
        return self.urgency != "normal"


CLEAR = Screening()


def flatten(text: str) -> str:
    """Return the text as the patterns read it: plain forms, small letters, no hidden blanks."""
    plain = unicodedata.normalize("NFKC", text[:SCREENED_CHARACTERS]).lower().replace("’", "'")
    plain = "".join(character for character in plain if character not in INVISIBLE)
    return BLANK_BETWEEN_IDEOGRAPHS.sub("", plain)


def screen(text: str, categories: Sequence[Category]) -> Screening:
    """Return the gravest hit, the first of equals in the order of the data."""
    plain = flatten(text)
    found = CLEAR
    for category in categories:
        if rank(category.urgency) <= rank(found.urgency):
            continue
        words = find_words(plain, category)
        if words:
            found = Screening(category.urgency, category.code, words, category.card)
    return found


def find_words(plain: str, category: Category) -> str:
    for pattern in category.patterns:
        hit = pattern.search(plain)
        if hit:
            return hit.group(0)
    return ""


def rank(urgency: str) -> int:
    return ORDER.index(urgency)


def graver(one: str, other: str) -> str:
    """Return the graver of two: urgency only rises until a person has answered."""
    return ORDER[max(rank(one), rank(other))]


def find_spans(text: str, categories: Sequence[Category]) -> list[tuple[int, int]]:
    """Return where the words stand in the text as written, so that staff see them marked.

    A text that had to be flattened to be understood has no such places; then nothing is marked.
    """
    if len(flatten(text)) != len(text):
        return []
    plain = flatten(text)
    spans = sorted(
        hit.span()
        for category in categories
        for pattern in category.patterns
        for hit in pattern.finditer(plain)
    )
    return without_overlaps(spans)


def without_overlaps(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
