"""The room's data files, read once: the gate's numbers, the reasons and the texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lianxin.outreach.rules.settings import GateSettings, parse_settings, with_overrides

Words = Mapping[str, str]
DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class ReasonText:
    """The words of one reason; all are message ids of the translation."""

    code: str
    word: str
    sentence: str
    alternatives: tuple[str, ...]


@cache
def read_rows(name: str) -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return rows


@cache
def default_settings() -> GateSettings:
    return parse_settings(read_rows("gate.yaml"))


def settings_with(overrides: Mapping[str, Any]) -> GateSettings:
    """Return the numbers of a hospital that has its own values for some."""
    if not overrides:
        return default_settings()
    return parse_settings(with_overrides(read_rows("gate.yaml"), overrides))


@cache
def reason_texts() -> dict[str, ReasonText]:
    rows = read_rows("reasons.yaml")
    words = rows["alternatives"]
    return {
        code: ReasonText(
            code,
            row["word"],
            row["sentence"],
            tuple(words[alternative] for alternative in row["alternatives"]),
        )
        for code, row in rows["reasons"].items()
    }


def find_reason_text(code: str) -> ReasonText:
    """Return the words of a reason; a provider's own code reads as "provider refused"."""
    texts = reason_texts()
    return texts.get(code, texts["provider_refused"])


def calls_for_a_person(codes: Iterable[str]) -> bool:
    """Tell whether a call could still help: some reason offers it, and none forbids contact."""
    rows = read_rows("reasons.yaml")["reasons"]
    offered = [set(rows.get(code, rows["provider_refused"])["alternatives"]) for code in codes]
    return any("call" in one for one in offered) and not any(
        "not_allowed" in one for one in offered
    )


def words_for(section: str, language: str) -> Words:
    """Return the texts of a section in the language, Chinese where there is none."""
    rows = read_rows("texts.yaml")[section]
    words: Words = rows.get(language, rows["zh-hans"])
    return words
