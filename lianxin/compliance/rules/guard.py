"""The wording guard: which words of a text must not reach a patient, and what to say instead.

The phrases are data (`data/phrases.yaml`), each with its source and version. A phrase may be
excused by the words around it: 「诊断为」 is a diagnosis, 「不是诊断」 is its denial.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Severity = Literal["block", "warn", "allow"]
# What the text is: who wrote it decides how strictly it is read.
Context = Literal["automatic", "reply", "education", "notice", "ad", "lock_screen"]
CONTEXTS: tuple[Context, ...] = (
    "automatic",
    "reply",
    "education",
    "notice",
    "ad",
    "lock_screen",
)

# Characters that show nothing and are typed between two others to slip past a filter.
INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")
IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Phrase:
    """One forbidden way of speaking. `allowed` are the surroundings that excuse it."""

    code: str
    category: str
    language: str
    pattern: str
    replacement: str
    source: str
    version: int
    severity: Severity = "block"
    severity_in: tuple[tuple[str, Severity], ...] = ()
    only_in: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def severity_for(self, context: Context) -> Severity:
        if self.only_in and context not in self.only_in:
            return "allow"
        return dict(self.severity_in).get(context, self.severity)


@dataclass(frozen=True)
class Finding:
    """The words `text[start:end]` break a rule. `phrase` is the rule's code."""

    start: int
    end: int
    category: str
    phrase: str
    words: str
    replacement: str
    severity: Severity
    source: str = field(compare=False, default="")


@dataclass(frozen=True)
class Pattern:
    phrase: Phrase
    forbidden: re.Pattern[str]
    excuses: tuple[re.Pattern[str], ...]


def find_findings(text: str, phrases: Sequence[Phrase], context: Context) -> list[Finding]:
    """Find what may not be said, in reading order; of overlapping findings the gravest stays."""
    plain, places = flatten(text)
    found = [
        make_finding(text, places, pattern.phrase, start, end, context)
        for pattern in compiled(tuple(phrases))
        if pattern.phrase.severity_for(context) != "allow"
        for start, end in spans(pattern, plain)
    ]
    return keep_gravest(found)


def is_blocked(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "block" for finding in findings)


def flatten(text: str) -> tuple[str, list[int]]:
    """Return the text as the guard reads it, and the place each character came from.

    Full-width forms become plain, capitals small, invisible characters and the blanks between
    two Chinese characters go, so that 「根 治」 and 「１００％」 do not slip through.
    """
    kept: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character in INVISIBLE:
            continue
        for plain in unicodedata.normalize("NFKC", character).lower():
            kept.append(plain)
            places.append(place)
    return without_inner_blanks(kept, places)


def without_inner_blanks(kept: list[str], places: list[int]) -> tuple[str, list[int]]:
    characters: list[str] = []
    sources: list[int] = []
    for index, character in enumerate(kept):
        if character.isspace() and stands_between_ideographs(kept, index):
            continue
        characters.append(character)
        sources.append(places[index])
    return "".join(characters), sources


def stands_between_ideographs(kept: list[str], index: int) -> bool:
    before, after = index - 1, index + 1
    while before >= 0 and kept[before].isspace():
        before -= 1
    while after < len(kept) and kept[after].isspace():
        after += 1
    if before < 0 or after >= len(kept) or "\n" in kept[before:after]:
        return False
    return bool(IDEOGRAPH.match(kept[before]) and IDEOGRAPH.match(kept[after]))


@lru_cache(maxsize=64)
def compiled(phrases: tuple[Phrase, ...]) -> tuple[Pattern, ...]:
    return tuple(
        Pattern(
            phrase,
            re.compile(phrase.pattern),
            tuple(re.compile(allowed) for allowed in phrase.allowed),
        )
        for phrase in phrases
    )


def spans(pattern: Pattern, plain: str) -> list[tuple[int, int]]:
    hits = [match.span() for match in pattern.forbidden.finditer(plain) if match.end()]
    if not hits:
        return []
    excused = [match.span() for excuse in pattern.excuses for match in excuse.finditer(plain)]
    return [
        (start, end)
        for start, end in hits
        if end > start and not any(low <= start and end <= high for low, high in excused)
    ]


def make_finding(
    text: str, places: list[int], phrase: Phrase, start: int, end: int, context: Context
) -> Finding:
    first, last = places[start], places[end - 1] + 1
    return Finding(
        start=first,
        end=last,
        category=phrase.category,
        phrase=phrase.code,
        words=text[first:last],
        replacement=phrase.replacement,
        severity=phrase.severity_for(context),
        source=phrase.source,
    )


def keep_gravest(found: list[Finding]) -> list[Finding]:
    """Of findings that share words keep a blocking one before a warning, the longer before."""
    kept: list[Finding] = []
    for finding in sorted(
        found, key=lambda f: (f.severity != "block", f.start - f.end, f.start, f.phrase)
    ):
        if all(finding.end <= other.start or other.end <= finding.start for other in kept):
            kept.append(finding)
    return sorted(kept, key=lambda f: f.start)


def has_mark(text: str, mark: str) -> bool:
    """Tell whether the text carries the mandatory mark (「仅供参考」)."""
    return flatten(mark)[0] in flatten(text)[0]


def with_mark(text: str, mark: str) -> str:
    """Return the text with the mandatory mark as its last line, once."""
    return text if has_mark(text, mark) else f"{text.rstrip()}\n{mark}"
