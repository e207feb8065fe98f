"""The room's data files, read once: emergency words, their cards, the clock, kinds and outcomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lianxin.conversations.rules.clock import ServiceClock, parse_clock
from lianxin.conversations.rules.emergency import Category

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Card:
    """What the patient is told at once."""

    code: str
    title: str
    body: str
    version: str


@cache
def read_rows(name: str) -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return rows


@cache
def emergency_categories() -> tuple[Category, ...]:
    return tuple(make_category(row) for row in read_rows("emergency.yaml")["categories"])


def make_category(row: Mapping[str, Any]) -> Category:
    return Category(
        code=row["code"],
        urgency=row["urgency"],
        name_zh=row["zh"],
        name_en=row["en"],
        card=row.get("card", row["urgency"]),
        patterns=tuple(re.compile(pattern) for pattern in row["patterns"]),
    )


def category_name(code: str, language: str) -> str:
    """Return the category's name; an empty or retired code has none."""
    found = next((one for one in emergency_categories() if one.code == code), None)
    return found.name(language) if found else ""


def find_card(code: str, language: str) -> Card:
    """Return the card's words in the language, Chinese where there is none."""
    rows = read_rows("emergency.yaml")
    words = rows["cards"][code].get(language, rows["cards"][code]["zh-hans"])
    return Card(code, words["title"], words["body"], rows["version"])


def session_text(code: str, language: str) -> str:
    """Return what is said when a talk is handed on or ends, Chinese where there is no other."""
    texts = read_rows("sessions.yaml")["texts"]
    text: str = texts.get(language, texts["zh-hans"])[code]
    return text


def words_time() -> timedelta:
    return timedelta(minutes=read_rows("sessions.yaml")["words_minutes"])


def question_time() -> timedelta:
    return timedelta(hours=read_rows("sessions.yaml")["question_hours"])


def service_clock(overrides: Mapping[str, Any] | None = None) -> ServiceClock:
    """Return the clock of a hospital that may have its own values for some."""
    if not overrides:
        return default_clock()
    return parse_clock(laid_over(read_rows("clock.yaml"), overrides))


@cache
def default_clock() -> ServiceClock:
    return parse_clock(read_rows("clock.yaml"))


def laid_over(rows: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows with dotted names replaced; names that are not there are ignored."""
    changed: dict[str, Any] = {
        name: dict(value) if isinstance(value, dict) else value for name, value in rows.items()
    }
    for dotted, value in overrides.items():
        put(changed, dotted.split("."), value)
    return changed


def put(table: dict[Any, Any], names: list[str], value: Any) -> None:
    first = int(names[0]) if names[0].isdigit() else names[0]
    if first not in table:
        return
    if len(names) == 1:
        table[first] = value
        return
    table[first] = dict(table[first])
    put(table[first], names[1:], value)


@cache
def outcomes() -> tuple[str, ...]:
    return tuple(read_rows("outcomes.yaml")["outcomes"])


@cache
def kinds() -> tuple[str, ...]:
    return tuple(read_rows("outcomes.yaml")["kinds"])


@dataclass(frozen=True)
class VisitorLimits:
    """How much the chat window takes: so many messages in each span, so many new guests in one."""

    messages: tuple[tuple[timedelta, int], ...]
    guests: int
    guest_span: timedelta


@cache
def visitor_limits() -> VisitorLimits:
    rows = read_rows("visitors.yaml")
    spans = [(timedelta(seconds=row["seconds"]), row["most"]) for row in rows["messages"]]
    guests = rows["guests"]
    return VisitorLimits(tuple(spans), guests["most"], timedelta(seconds=guests["seconds"]))
