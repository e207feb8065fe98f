"""Reads the reviewed data files of this room: purposes, phrases and marks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from lianxin.compliance.rules.consent import Purpose, Words
from lianxin.compliance.rules.guard import Phrase

LANGUAGES = ("zh-hans", "en")


def load(name: str) -> dict[str, Any]:
    source = files("lianxin.compliance").joinpath("data", name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(source)
    return loaded


@lru_cache(maxsize=1)
def phrases() -> tuple[Phrase, ...]:
    document = load("phrases.yaml")
    return tuple(
        make_phrase(row, document["sources"], document["version"]) for row in document["phrases"]
    )


def make_phrase(row: Mapping[str, Any], sources: Mapping[str, str], version: int) -> Phrase:
    return Phrase(
        code=row["code"],
        category=row["category"],
        language=row["language"],
        pattern=row["pattern"],
        replacement=row["replacement"],
        source=sources[row["source"]],
        version=version,
        severity=row.get("severity", "block"),
        severity_in=tuple(sorted(row.get("in", {}).items())),
        only_in=tuple(row.get("only_in", ())),
        allowed=tuple(row.get("allowed", ())),
    )


@lru_cache(maxsize=1)
def purposes() -> tuple[Purpose, ...]:
    return tuple(make_purpose(row) for row in load("purposes.yaml")["purposes"])


def make_purpose(row: Mapping[str, Any]) -> Purpose:
    return Purpose(
        code=row["code"],
        version=row["version"],
        is_asked_first=row["asked_first"],
        is_sensitive=row["is_sensitive"],
        words_by_language=tuple((language, Words(**row[language])) for language in LANGUAGES),
    )


@lru_cache(maxsize=1)
def marks() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = load("marks.yaml")["marks"]
    return loaded


def mark(code: str, language: str) -> str:
    """Return a mandatory sentence (`reference`, `not_monitored`, `emergency`) in full."""
    words: str = marks()[code].get(language.lower()) or marks()[code]["zh-hans"]
    return words


def short_mark(code: str, language: str) -> str:
    short = marks()[code]["short"]
    words: str = short.get(language.lower()) or short["zh-hans"]
    return words
