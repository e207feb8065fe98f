"""The clinical rows that ship with the product, read from `data/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class ShippedRow:
    code: str
    version: int
    mark: str
    source: str
    body: Mapping[str, Any]


@cache
def shipped(name: str) -> tuple[ShippedRow, ...]:
    """Read one file; a row without its own source or version takes the file's."""
    file = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return tuple(
        ShippedRow(
            code=row["code"],
            version=int(row.get("version", file["version"])),
            mark=row["mark"],
            source=row.get("source", file["source"]),
            body=row["body"],
        )
        for row in file["rows"]
    )
