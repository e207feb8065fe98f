"""What changed between two revisions, paragraph by paragraph, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape

BLOCK_END = re.compile(r"</(?:p|h2|h3|li|blockquote|figcaption)>|<br\s*/?>", re.IGNORECASE)
TAG = re.compile(r"<[^>]+>")
SENTENCE = re.compile(r"[^。！？；.!?;]+[。！？；.!?;]*")
CHARACTERS_PER_MINUTE = 300


@dataclass(frozen=True, slots=True)
class Change:
    """One place: what stood there and what stands there now; either may be empty."""

    before: str
    after: str


def plain_text(html: str) -> str:
    """Return the words, a line for each paragraph, heading and list point."""
    lines = TAG.sub("", BLOCK_END.sub("\n", html)).split("\n")
    return "\n".join(unescape(line).strip() for line in lines if line.strip())


def find_changes(before_html: str, after_html: str) -> list[Change]:
    """Return the changed sentences in reading order."""
    before, after = sentences(before_html), sentences(after_html)
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    return [
        Change("".join(before[a:b]).strip(), "".join(after[c:d]).strip())
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]


def sentences(html: str) -> list[str]:
    return list(split_sentences(plain_text(html).split("\n")))


def split_sentences(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield from SENTENCE.findall(line)


def reading_minutes(html: str) -> int:
    return max(1, round(len(plain_text(html)) / CHARACTERS_PER_MINUTE))
