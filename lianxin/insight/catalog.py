"""The metric definitions, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lianxin.insight.rules.showing import Direction

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Metric:
    """One number: what it means and what it covers. The words are ids of the translation."""

    code: str
    version: int
    kind: str
    better: Direction
    name: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    covers: str
    people: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


WORDS = (
    "code",
    "version",
    "kind",
    "better",
    "name",
    "definition",
    "numerator",
    "denominator",
    "unit",
    "covers",
    "people",
)


@cache
def read_rows() -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load((HERE / "data/metrics.yaml").read_text(encoding="utf-8"))
    return rows


@cache
def metrics() -> dict[str, Metric]:
    return {row["code"]: make_metric(row) for row in read_rows()["metrics"]}


def make_metric(row: Mapping[str, Any]) -> Metric:
    known = {name: row[name] for name in WORDS}
    return Metric(**known, parameters={k: v for k, v in row.items() if k not in known})


def hidden_below() -> int:
    return int(read_rows()["hidden_below"])


def unsure_below() -> int:
    return int(read_rows()["unsure_below"])


@cache
def statement(name: str) -> str:
    """Return the one SQL statement of a metric, or of the people behind it."""
    return (HERE / "sql" / f"{name}.sql").read_text(encoding="utf-8")
