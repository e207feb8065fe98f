"""The sentences that come before every chart, filled from reviewed texts and the same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lianxin.health.rules.averages import HomeMean, difference
from lianxin.health.rules.condition import holds
from lianxin.health.rules.evaluate import over_goal

Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Words:
    """`state`: above, at_goal, few or none. `headline` is short, `sentences` carry the numbers."""

    state: str
    headline: str
    sentences: tuple[str, ...]


def pick(texts: Texts, code: str, language: str) -> str:
    """Take a reviewed text in the reader's language, Chinese when there is no other."""
    body = texts.get(code, {})
    return body.get("en" if language.startswith("en") else "zh") or body.get("zh", "")


def show_number(value: float, limit: float | None = None) -> str:
    """Round for the eye, but never onto the other side of the limit."""
    whole = math.floor(value + 0.5)
    if limit is not None and value < limit <= whole:
        return f"{math.floor(value * 10) / 10:.1f}"
    return str(whole)


def show_values(
    values: Mapping[str, float], fields: Sequence[str], limits: Mapping[str, float]
) -> str:
    return "/".join(show_number(values[f], limits.get(f)) for f in fields if f in values)


def tell_week(
    week: HomeMean,
    *,
    fields: Sequence[str],
    limits: Mapping[str, float],
    texts: Texts,
    language: str,
    variability: Mapping[str, Any],
    settings: Mapping[str, Any],
    has_readings: bool = True,
) -> Words:
    """Say the week in words: where the mean stands, morning and evening, and what it rests on.

    `has_readings`: whether there is any reading of these days, also one that no mean counts.
    """
    tell = Teller(texts, language)
    state = week_state(week, limits) if has_readings else "none"
    headline = tell("trend." + {"at_goal": "at_goal", "above": "above"}.get(state, state))
    if state == "none":
        return Words(state, headline, (tell("words.none"),))
    if state == "few":
        few = tell(
            "words.few",
            days=week.days,
            readings=week.counted,
            least_days=settings["least_days"],
            least_readings=settings["least_readings"],
        )
        return Words(state, headline, (few,))
    lines = [
        tell(
            f"words.{state}",
            mean=show_values(week.values, fields, limits),
            goal=show_values(limits, fields, {}),
        ),
        tell_slots(week, fields, limits, tell),
        tell_difference(week, variability, tell),
        tell("words.basis", days=week.used_days, readings=week.used),
        tell("words.provisional", limit=settings["provisional_below"])
        if week.is_provisional
        else "",
    ]
    return Words(state, headline, tuple(line for line in lines if line))


def week_state(week: HomeMean, limits: Mapping[str, float]) -> str:
    if not week.is_valid:
        return "few"
    return "above" if holds(over_goal(limits), week.values) else "at_goal"


@dataclass(frozen=True)
class Teller:
    texts: Texts
    language: str

    def __call__(self, code: str, **numbers: object) -> str:
        return pick(self.texts, code, self.language).format(**numbers)


def tell_slots(
    week: HomeMean, fields: Sequence[str], limits: Mapping[str, float], tell: Teller
) -> str:
    if not week.morning or not week.evening:
        return ""
    over = over_goal(limits)
    return tell(
        "words.slots",
        morning=show_values(week.morning, fields, limits),
        evening=show_values(week.evening, fields, limits),
        morning_word=tell("words.high" if holds(over, week.morning) else "words.fine"),
        evening_word=tell("words.high" if holds(over, week.evening) else "words.fine"),
    )


def tell_difference(week: HomeMean, variability: Mapping[str, Any], tell: Teller) -> str:
    apart = difference(week, "systolic")
    if apart is None or abs(apart) <= variability["difference_flag"]:
        return ""
    return tell(
        "words.difference", difference=show_number(abs(apart)), limit=variability["difference_flag"]
    )
