"""The room's data file, read once: kinds, reasons with advice and due times, outcome words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lianxin.tasks.rules import Kind, Outcome, TaskReason

DATA = Path(__file__).parent / "data" / "catalog.yaml"


@cache
def read_rows() -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return rows


@cache
def kinds() -> Mapping[str, Kind]:
    return {code: Kind(code, **row) for code, row in read_rows()["kinds"].items()}


@cache
def reasons() -> Mapping[str, TaskReason]:
    return {code: TaskReason(code, **row) for code, row in read_rows()["reasons"].items()}


@cache
def outcomes_of(kind: str) -> Mapping[str, Outcome]:
    rows = read_rows()["outcomes"][kind]
    return {code: Outcome(code, **row) for code, row in rows.items()}


def max_attempts() -> int:
    return int(read_rows()["max_attempts"])


def outcome_word(kind: str, code: str) -> str:
    """Return the word of an outcome, also of those the room writes itself; empty while open."""
    known = outcomes_of(kind).get(code)
    if known is not None:
        return known.word
    closing: dict[str, str] = read_rows()["closing"]
    return closing.get(code, "")


def texts() -> list[str]:
    """Return every text that must have a translation."""
    rows = read_rows()
    found = [row["word"] for row in rows["kinds"].values()]
    found += [row["action"] for row in rows["kinds"].values()]
    found += [row[name] for row in rows["reasons"].values() for name in ("word", "advice")]
    found += [row["word"] for group in rows["outcomes"].values() for row in group.values()]
    return list(dict.fromkeys([*found, *rows["closing"].values()]))
