"""Consent as plain values: what was asked, in which words, and what is granted now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Decision = Literal["granted", "refused", "withdrawn"]
# Order for Network Data Security 22(5): no repeated asking after a refusal. Ninety days is ours.
ASK_AGAIN_AFTER = timedelta(days=90)


@dataclass(frozen=True)
class Words:
    title: str
    text: str
    refusal: str
    keeps: str

    def shown(self) -> str:
        """Return everything that the person read before answering."""
        return f"{self.title}\n{self.text}\n{self.refusal}\n{self.keeps}"

    def text_hash(self) -> bytes:
        """Prove later which words were shown."""
        return hashlib.sha256(self.shown().encode()).digest()


@dataclass(frozen=True)
class Purpose:
    code: str
    version: int
    is_asked_first: bool
    is_sensitive: bool
    words_by_language: tuple[tuple[str, Words], ...]

    def words(self, language: str) -> Words:
        """Return the words in the language, else in Chinese, which every purpose has."""
        by_language = dict(self.words_by_language)
        return by_language.get(language.lower()) or by_language["zh-hans"]


@dataclass(frozen=True)
class Answer:
    """One row of the append-only consent table, as the rules see it."""

    purpose: str
    decision: str
    at: datetime
    order: int = 0


def latest_answers(answers: Iterable[Answer]) -> dict[str, Answer]:
    latest: dict[str, Answer] = {}
    for answer in answers:
        known = latest.get(answer.purpose)
        if known is None or (answer.at, answer.order) >= (known.at, known.order):
            latest[answer.purpose] = answer
    return latest


def granted_now(answers: Iterable[Answer]) -> frozenset[str]:
    """Only the last answer counts, and only a yes is a yes."""
    return frozenset(
        code for code, answer in latest_answers(answers).items() if answer.decision == "granted"
    )


def stricter_answers(kept: Iterable[Answer], folded: Iterable[Answer]) -> list[Answer]:
    """Return what the kept row of one person learns from the folded one.

    A no of the folded row overrules a yes; a yes counts where the kept row was never asked.
    """
    known = latest_answers(kept)
    learned = []
    for code, answer in latest_answers(folded).items():
        own = known.get(code)
        overrules = own and own.decision == "granted" and answer.decision != "granted"
        if own is None or overrules:
            learned.append(answer)
    return learned


def may_ask(answer: Answer | None, now: datetime) -> bool:
    """Tell whether the question may be put (again) unasked; my-data is always open."""
    return answer is None or (answer.decision != "granted" and now - answer.at >= ASK_AGAIN_AFTER)


def decision_after(*, granted: bool, was_granted: bool) -> Decision:
    """Name the answer: a no after a yes is a withdrawal."""
    if granted:
        return "granted"
    return "withdrawn" if was_granted else "refused"
